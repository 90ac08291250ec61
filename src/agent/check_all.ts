/**
 * Tries every printer and channel without sending a message and without opening a printer a second time.
 */
import type { AgentDeps } from "../agent.ts";
import { openSenders } from "../agent.ts";
import type { CheckReport, CheckStep } from "../channels/channel.ts";
import { deadline } from "../clock.ts";
import type { PrinterSettings, Settings } from "../config/settings.ts";
import type { PrinterState } from "../domain/printer_state.ts";
import type { CheckRequest } from "../domain/test_road.ts";
import { printerWords } from "../domain/printer_words.ts";
import { errorText } from "../log.ts";
import { takeSnapshot } from "../pictures/snapshot.ts";
import { cameraOf } from "./camera.ts";
import type { OpenChannel } from "./send.ts";

/** A board that resets when its port is opened needs some seconds; one at an unknown speed more. */
const printerDeadlineSeconds = 45;
const channelDeadlineSeconds = 60;
/** Of one printer or channel, before the ones ahead of it have been told. */
const maxSteps = 100;

export interface CheckDeps extends Pick<AgentDeps, "clock" | "log" | "fetch" | "store" | "links"> {
  /** What a running agent sees now; undefined: nobody watches, so the printer is opened here. */
  watchedState?(printer: string): PrinterState | undefined;
}

/** Everything at the same time, told in the order of the settings. */
export async function* checkAll(
  settings: Settings,
  deps: CheckDeps & { readonly only?: CheckRequest },
  signal: AbortSignal,
): AsyncGenerator<CheckReport> {
  const { printer: onlyPrinter, channel: onlyChannel } = deps.only ?? {};
  const isWanted = (name: string, only: string | undefined, other: string | undefined) =>
    only === undefined ? other === undefined : name === only;
  const printers = settings.printers.filter(({ name }) => isWanted(name, onlyPrinter, onlyChannel));
  await using open = openSenders(carriersFirst(settings), deps);
  const channels = open.channels.filter(({ settings: { name } }) => isWanted(name, onlyChannel, onlyPrinter));
  yield* inOrder([
    ...printers.map((printer) => checkPrinter(printer, deps, signal)),
    ...channels.map((channel) => checkChannel(channel, deps, signal)),
  ]);
}

/** Starts them all; whoever waits hears each one's steps as they come, one after the other. */
async function* inOrder(checks: readonly AsyncGenerator<CheckReport>[]): AsyncGenerator<CheckReport> {
  const running = checks.map((check) => {
    const { readable, writable } = new TransformStream<CheckReport, CheckReport>(undefined, {
      highWaterMark: maxSteps,
    });
    ReadableStream.from(check).pipeTo(writable).catch(() => {}); // the reader hears of it
    return readable;
  });
  try {
    for (const steps of running) yield* steps;
  } finally {
    for (const steps of running) void steps.cancel().catch(() => {});
  }
}

async function* checkPrinter(
  printer: PrinterSettings,
  deps: CheckDeps,
  signal: AbortSignal,
): AsyncGenerator<CheckReport> {
  const subject = { kind: "printer", name: printer.name } as const;
  const camera = checkCamera(printer, deps, signal);
  yield { subject, step: await checkLink(printer, deps, signal) };
  const step = await camera;
  if (step) yield { subject, step };
}

async function* checkChannel(
  { settings, sender }: OpenChannel,
  { clock }: CheckDeps,
  signal: AbortSignal,
): AsyncGenerator<CheckReport> {
  const subject = { kind: "channel", name: settings.name } as const;
  using limit = deadline(clock, channelDeadlineSeconds * 1000, signal);
  try {
    for await (const step of sender.check?.(limit) ?? []) yield { subject, step };
  } catch (error) {
    yield { subject, step: { name: "check", isOk: false, detail: errorText(error) } };
  }
}

function carriersFirst({ channels }: Settings): Settings["channels"] {
  return [...channels].sort((a, b) =>
    Number(a.channel.carrier !== undefined) - Number(b.channel.carrier !== undefined)
  );
}

async function checkLink(printer: PrinterSettings, deps: CheckDeps, signal: AbortSignal): Promise<CheckStep> {
  if (deps.watchedState) {
    const state = deps.watchedState(printer.name);
    const isOk = state?.link?.kind === "online" && !state.link.lost;
    const { sentence, notes } = printerWords(state, printer.address);
    return { name: printer.address, isOk, detail: [sentence, ...notes].join(". ") };
  }
  using limit = deadline(deps.clock, printerDeadlineSeconds * 1000, signal);
  const { clock, log, fetch, links } = deps;
  try {
    for await (const report of printer.driver.watch({ clock, log, fetch, signal: limit, ...links })) {
      if (report.link?.kind === "lost") {
        return { name: printer.address, isOk: false, detail: report.link.reason ?? "no answer" };
      }
      return { name: printer.address, isOk: true, detail: "it answers" };
    }
    return { name: printer.address, isOk: false, detail: `no answer within ${printerDeadlineSeconds} s` };
  } catch (error) {
    return {
      name: printer.address,
      isOk: false,
      detail: limit.aborted ? `no answer within ${printerDeadlineSeconds} s` : errorText(error),
    };
  }
}

/** Undefined: nobody knows of a camera. */
async function checkCamera(
  printer: PrinterSettings,
  { clock, log, fetch, links }: CheckDeps,
  signal: AbortSignal,
): Promise<CheckStep | undefined> {
  const camera = await cameraOf(printer, { clock, log, fetch, links, signal });
  if (!camera) return undefined;
  const result = await takeSnapshot(camera, { ...camera, clock, fetch, alt: printer.name, signal });
  if (result.kind === "none") return { name: "camera", isOk: false, detail: result.reason };
  const { picture, flaw } = result;
  return flaw === undefined
    ? { name: "camera", isOk: true, detail: `a picture of ${Math.ceil(picture.bytes.length / 1024)} KB` }
    : { name: "camera", isOk: false, detail: `the picture ${flaw}` };
}
