/**
 * PrusaLink: Prusa's Buddy printers (MINI, MK3.5, MK4, XL, Core One) and PrusaLink on a Pi (MK2.5, MK3). Polled: there
 * is no push. https://github.com/prusa3d/Prusa-Link-Web/blob/master/spec/openapi.yaml; what a real one says is in
 * `tests/transcripts/prusalink`.
 *
 * | asked                                | when                                                             |
 * | ------------------------------------ | ---------------------------------------------------------------- |
 * | `GET /api/v1/status`                 | every 2 s while something goes on, else every 5 s                |
 * | `GET /api/v1/job`                    | once for each new job: its name and what its slicer promised     |
 * | `GET /api/v1/transfer`, `…/files/…`  | once for each upload; the file also for a message's picture,     |
 * |                                      | its references (thumbnail, download) only for that               |
 * | `GET /api/v1/cameras`, `…/snap`      | for a message's picture                                          |
 */
import { z } from "zod";
import { LinkLostError } from "../../../bridge/link.ts";
import type { Clock } from "../../clock.ts";
import type { Report } from "../../domain/printer_state.ts";
import { defineDriver, type DriverIo } from "../driver.ts";
import { cameras } from "./cameras.ts";
import { describePrintFile, openPrintFile } from "./files.ts";
import { hostOf } from "./host.ts";
import { Session } from "./session.ts";
import { jobShape } from "./shapes.ts";
import { type Ask, Uploads } from "./uploads.ts";

/** FINISHED and STOPPED last 11 s on a Pi; a Buddy printer wants 2 s between questions. */
const paceSeconds = { busy: 2, idle: 5 };
/** So many questions in a row may go unanswered before the printer is lost. */
const maxMisses = 2;

/** What a header can hold. */
const ascii = z.string().regex(/^[ -~]+$/, "must be made of plain letters, digits and signs");

const settings = z.strictObject({
  address: z.string().min(1).transform(webAddress).describe(
    "Address of the printer or its Pi: 192.168.1.20, mk4.local",
  ),
  user: ascii.default("maker").describe("User of PrusaLink, maker if nobody changed it"),
  password: z.string().min(1).optional().describe("Password, on the printer under Settings > Network > PrusaLink"),
  apiKey: ascii.optional().describe("API key, instead of a password"),
}).refine(({ password, apiKey }) => password !== undefined || apiKey !== undefined, {
  path: ["password"],
  message: "is missing: it stands on the printer under Settings > Network > PrusaLink",
});

export type PrusaLinkSettings = z.output<typeof settings>;

/** `mk4.local` is `http://mk4.local`. */
function webAddress(address: string, context: z.RefinementCtx): string {
  const url = URL.parse(/^\w+:\/\//.test(address) ? address : `http://${address}`);
  const problem = !url || !/^https?:$/.test(url.protocol)
    ? "must be a host or an address that begins with http:// or https://"
    : url.username || url.password
    ? "must hold no login: set user and password"
    : undefined;
  if (url && problem === undefined) return url.origin + url.pathname.replace(/\/+$/, "");
  context.addIssue({ code: "custom", message: problem ?? "" });
  return z.NEVER;
}

export const prusalink = defineDriver<PrusaLinkSettings>({
  id: "prusalink",
  label: "PrusaLink: Prusa MK4, MINI, XL, Core One …, or a Pi with an MK3",
  settings,
  watch,
  openPrintFile,
  describePrintFile,
  cameras,
});

async function* watch(settings: PrusaLinkSettings, io: DriverIo): AsyncGenerator<Report> {
  const host = hostOf(settings);
  const [session, uploads] = [new Session(), new Uploads()];
  /** What is nice to know: without an answer the poll goes on. */
  const ask: Ask = (path, shape) => host.json(path, shape, io).catch(() => undefined);
  for (let misses = maxMisses; !io.signal.aborted;) { // the very first question must be answered
    try {
      const status = await host.status(io);
      const details = session.wantsDetails(status) ? await ask("/api/v1/job", jobShape) : undefined;
      const uploaded = await uploads.look(status, ask);
      if (io.signal.aborted) return;
      misses = 0;
      yield { ...session.report(status, details, secondsOf(io.clock)), ...(uploaded ? { uploaded } : {}) };
    } catch (error) {
      if (io.signal.aborted) return;
      misses++;
      if (misses > maxMisses || error instanceof LinkLostError && error.problem === "no permission") throw error;
    }
    const isBusy = session.isBusy || uploads.isBusy || misses > 0;
    await io.clock.sleep((isBusy ? paceSeconds.busy : paceSeconds.idle) * 1000, io.signal);
  }
}

function secondsOf(clock: Clock): number {
  return clock.now().monotonicMilliseconds / 1000;
}
