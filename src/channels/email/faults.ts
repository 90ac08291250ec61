/**
 * What becomes of a message when no reply says it: the network, the time, the encryption or the certificate. The other
 * half of replies.ts, by the same rules.
 */
import type { SendResult } from "../../domain/delivery.ts";
import type { Fault, ReplyContext, Stage } from "./trouble.ts";

const minute = 60;

/** Not a single byte can leave towards the server. */
const noRouteCodes = ["ENOTFOUND", "EAI_AGAIN", "EAI_NODATA", "ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "EHOSTDOWN"];

export function resultOfFault(fault: Fault, stage: Stage, context: ReplyContext): SendResult {
  const { host, port } = context;
  if (stage === "answer" && fault.kind !== "tooLarge") {
    return {
      kind: "uncertain",
      reason: `${host} was given the whole mail but not heard again: it may have arrived; nothing to change`,
    };
  }
  switch (fault.kind) {
    case "network":
      return networkResult(fault.code, stage, context);
    case "timeout":
      return timeoutResult(stage, context);
    case "aborted":
      return { kind: "retry", reason: "Stopped before the mail was out: nothing to change, it is tried again" };
    case "noStartTls":
      return {
        kind: "retry",
        afterSeconds: 15 * minute,
        reason: `${host} offers no STARTTLS on port ${port}, so nothing was sent: set port: 465 with tls: implicit; ` +
          "if it used to work, somebody may be listening in",
      };
    case "noTls":
      return {
        kind: "retry",
        afterSeconds: 15 * minute,
        reason: `${host} does not speak TLS at once on port ${port}: set tls: starttls (usual on port 587), ` +
          "or port: 465",
      };
    case "noLogin":
      return {
        kind: "retry",
        afterSeconds: 15 * minute,
        reason: fault.offered.length
          ? `${host} offers no login by password (only ${fault.offered.slice(0, 5).join(", ")}): use another provider`
          : `${host} offers no login on port ${port}: leave out user and password if it needs none, ` +
            "or use the port for sending mail (587 or 465)",
      };
    case "certificate":
      return {
        kind: "retry",
        afterSeconds: context.isClockSet ? 15 * minute : minute,
        reason: `${host} is not trusted: ${fault.sentence}`,
      };
    case "tooLarge": {
      const limit = `${(fault.maxBytes / 1e6).toFixed(1)} MB`;
      return context.hasPictures
        ? { kind: "tooLarge", reason: `${host} takes mails up to ${limit}`, maxBytes: fault.maxBytes }
        : {
          kind: "rejected",
          reason: `${host} takes mails only up to ${limit}, and this one is larger without pictures`,
        };
    }
    case "protocol":
      return {
        kind: "retry",
        afterSeconds: 5 * minute,
        reason: `What answers on port ${port} of ${host} is no mail server for sending: check host and port`,
      };
  }
}

function networkResult(code: string | undefined, stage: Stage, { host, port }: ReplyContext): SendResult {
  if (code !== undefined && noRouteCodes.includes(code)) {
    return {
      kind: "retry",
      isOffline: true,
      reason: stage === "name"
        ? `No address is known for "${host}" now: check this board's network, and the spelling of host (${code})`
        : `There is no way to ${host} now: check this board's network (${code})`,
    };
  }
  switch (stage) {
    case "name":
      return { kind: "retry", isOffline: true, reason: `The name "${host}" cannot be looked up: check the network` };
    case "connect":
      return {
        kind: "retry",
        reason:
          `Nothing takes mail on port ${port} of ${host}: check host and port (587 with tls: starttls, 465 with ` +
          `tls: implicit)${code ? ` (${code})` : ""}`,
      };
    case "greeting":
      return {
        kind: "retry",
        reason: `${host} hung up before it greeted: check port and tls (port 465 wants tls: implicit)`,
      };
    case "tls":
      return { kind: "retry", reason: `${host} broke off while TLS was set up: check port and tls` };
    default:
      return { kind: "retry", reason: `${host} hung up in the middle: nothing to change, it is tried again` };
  }
}

function timeoutResult(stage: Stage, { host, port }: ReplyContext): SendResult {
  switch (stage) {
    case "name":
      return {
        kind: "retry",
        isOffline: true,
        reason: `No name server answers when asked for "${host}": check this board's network`,
      };
    case "connect":
      return {
        kind: "retry",
        reason: `${host} does not answer on port ${port}: a router or provider may block it; check host and port, ` +
          "or try port 465 with tls: implicit",
      };
    case "greeting":
      return {
        kind: "retry",
        reason: `${host} takes the connection on port ${port} but does not greet: ` +
          "if the port speaks TLS at once (465), set tls: implicit",
      };
    case "tls":
      return { kind: "retry", reason: `${host} does not finish setting up TLS on port ${port}: check port and tls` };
    default:
      return { kind: "retry", reason: `${host} fell silent in the middle: nothing to change, it is tried again` };
  }
}
