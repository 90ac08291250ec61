/**
 * What OctoPrint says, as far as we read it. What cannot be read is unknown; plugins add and change a lot.
 * https://docs.octoprint.org/en/master/api/datamodel.html; measured in tests/transcripts/octoprint.
 */
import { z } from "zod";

/** Absent, null, or not what it should be: unknown. */
export const lenient = <T extends z.ZodType>(type: T) =>
  type.nullish().transform((value) => value ?? undefined).catch(undefined);
const text = lenient(z.string().max(4000));
const number = lenient(z.number());
const flag = lenient(z.boolean());

/** Of a tool: what it will use. */
const perTool = lenient(z.record(z.string(), lenient(z.object({ length: number }))));

const jobFile = lenient(z.object({ path: text, name: text, display: text, origin: text, size: number }));
export type JobFile = NonNullable<z.output<typeof jobFile>>;

const temperatures = lenient(z.record(z.string(), z.unknown()));

/** `history` (once, or when asked anew) and `current` (whenever something changes). */
const currentShape = z.object({
  state: lenient(z.object({ text, error: text, flags: lenient(z.record(z.string(), flag)) })),
  job: lenient(z.object({ file: jobFile, estimatedPrintTime: number, filament: perTool })),
  progress: lenient(z.object({ completion: number, filepos: number, printTime: number, printTimeLeft: number })),
  /** Of its own clock, seconds. */
  serverTime: number,
  temps: lenient(z.array(temperatures).max(100_000)),
  /** Lines of the terminal; only with the permission to watch it. */
  logs: lenient(z.array(z.string()).max(10_000)),
});
export type Current = z.output<typeof currentShape>;

const eventShape = z.object({ type: z.string(), payload: lenient(z.record(z.string(), z.unknown())) });

/** One message of the push API; each holds one of these, or something that is not ours. */
export const messageShape = z.object({
  connected: lenient(z.object({ version: text })),
  history: lenient(currentShape),
  current: lenient(currentShape),
  event: lenient(eventShape),
  plugin: lenient(z.object({ plugin: text, data: lenient(z.record(z.string(), z.unknown())) })),
  reauthRequired: lenient(z.object({ reason: text })),
});
export type Message = z.output<typeof messageShape>;

/** What an event says of a file and of why. */
export const payloadShape = z.object({
  path: text,
  name: text,
  origin: text,
  target: text,
  storage: text,
  size: number,
  user: text,
  time: number,
  reason: text,
  error: text,
  firmwareError: text,
  consequence: text,
  command: text,
  operation: text,
  type: lenient(z.union([z.array(z.string()), z.string().transform((one) => [one])])),
});
export type Payload = z.output<typeof payloadShape>;

export const loginShape = z.object({ name: z.string().min(1), session: z.string().min(1) });

const webcam = z.object({
  name: text,
  displayName: text,
  canSnapshot: flag,
  flipH: flag,
  flipV: flag,
  rotate90: flag,
  compat: lenient(z.object({ snapshot: text, stream: text })),
});
export type Webcam = z.output<typeof webcam>;

/** 1.9 and later list all of them; the fields beside the list are the only one of before. */
export const settingsShape = z.object({
  webcam: lenient(z.object({
    webcamEnabled: flag,
    snapshotUrl: text,
    streamUrl: text,
    flipH: flag,
    flipV: flag,
    rotate90: flag,
    snapshotWebcam: text,
    webcams: lenient(z.array(webcam).max(100)),
  })),
});
export type WebcamSettings = NonNullable<z.output<typeof settingsShape>["webcam"]>;

/** `/api/files/STORAGE/PATH`. */
export const fileShape = z.object({
  size: number,
  gcodeAnalysis: lenient(z.object({
    estimatedPrintTime: number,
    filament: perTool,
    dimensions: lenient(z.object({ height: number })),
  })),
  /** Of the plugins that draw out thumbnails; an address below OctoPrint's own. */
  thumbnail: text,
  /** 2.0: `thumbnail` too, and `download` where the printer's own storage can be read. */
  refs: lenient(z.object({ download: text, thumbnail: text })),
});

export const keyRequestShape = z.object({ app_token: z.string().min(1).max(200), auth_dialog: text });
export const keyShape = z.object({ api_key: z.string().min(1).max(200) });
