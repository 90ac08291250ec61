/**
 * Mails as they go out, of every kind of event that people read at once, with names that are hard to show.
 */
import { simpleParser } from "mailparser";
import { buildMail } from "../../src/channels/email/mime.ts";
import { composeMessage, lateLine } from "../../src/domain/message_text.ts";
import type { Message, Picture } from "../../src/domain/message.ts";
import type { Moment } from "../../src/domain/moment.ts";
import type { PrinterEvent } from "../../src/domain/printer_event.ts";
import type { Bitmap } from "../../src/pictures/bitmap.ts";
import { delivery } from "../channels/sending.ts";
import { jpegOf } from "../pictures/samples.ts";

export interface MailSample {
  readonly name: string;
  readonly message: Message;
  readonly hasPicture?: true;
}

export interface ShownMail {
  /** With its picture in it, as a mail program shows it. */
  readonly html: string;
  /** With its picture out of reach, as a mail program that blocks pictures. */
  readonly blockedHtml: string;
}

/** Monday evening in Berlin. */
const at = moment(0);
const page = { name: "workshop", url: "http://192.168.1.5:8090/" };
const boat = { id: "1", file: { path: "boats/benchy.gcode" } };
const half = {
  percent: 50.4,
  remainingSeconds: 34 * 60,
  elapsedSeconds: 34 * 60,
  layer: 62,
  layers: 125,
  temperatures: { nozzle: { celsius: 214.8, targetCelsius: 215 }, bed: { celsius: 60.1, targetCelsius: 60 } },
};

function moment(minutes: number): Moment {
  const milliseconds = minutes * 60_000;
  const wall = Temporal.Instant.from("2026-11-23T16:28:00Z").add({ milliseconds });
  return { wall, bootId: "boot", monotonicMilliseconds: milliseconds };
}

function compose(event: PrinterEvent, notes: readonly string[] = []): Message {
  return composeMessage(event, { printer: "MK4", agent: page, timezone: "Europe/Berlin", now: event.at, notes });
}

function named(path: string): { id: string; file: { path: string } } {
  return { id: "1", file: { path } };
}

const estimated = { estimatedSeconds: 4320, remainingSeconds: 4320, filamentGrams: 12.3, filamentMillimetres: 4120 };

export const mailSamples: readonly MailSample[] = [
  {
    name: "started",
    message: compose({ at, job: boat, facts: { ...estimated, layers: 125 }, kind: "started" }),
    hasPicture: true,
  },
  {
    name: "progress",
    message: compose({ at, job: boat, facts: half, kind: "progress", rules: ["r"] }),
    hasPicture: true,
  },
  {
    name: "needs-you",
    message: compose({ at, job: boat, facts: half, kind: "needs_you", reason: "filament_runout" }),
    hasPicture: true,
  },
  {
    name: "finished",
    message: compose({
      at,
      job: named("Größe ẞ Ångström.gcode"),
      facts: { ...estimated, elapsedSeconds: 4320 },
      kind: "finished",
    }, [
      "No picture: the camera did not answer within 10 s.",
    ]),
  },
  {
    name: "failed",
    message: compose({
      at,
      job: named(`${"Halterung_Schublade_links_".repeat(4)}0.2mm_PETG_MK4_3h12m.gcode`),
      facts: half,
      kind: "failed",
      text: `Thermal Runaway, system stopped! Heater_ID: E0 ${"0x".padEnd(90, "DEADBEEF")}`,
    }),
    hasPicture: true,
  },
  {
    name: "late",
    message: {
      ...compose({ at, job: boat, facts: half, kind: "offline", since: at, text: "no answer for 30 s" }),
      lateLine: lateLine({ at, now: moment(180), timezone: "Europe/Berlin", keptBy: { kind: "network" } }) ?? "",
    },
  },
  {
    name: "names",
    message: compose({
      at,
      job: named(`ベンチー船 🚤 <img src=x onerror=alert(1)>.gcode`),
      facts: { ...half, temperatures: { "<b>düse</b>": { celsius: 215, targetCelsius: 215 } } },
      kind: "needs_you",
      reason: "waiting_for_user",
      text: '<script>document.title = "run"</script><img src="http://evil.example/x"> ' +
        "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字 を入れてください",
    }),
  },
];

const bench = jpegOf(paintBench(), 85);
const picture: Picture = { hash: "0".repeat(64), mediaType: "image/jpeg", alt: "The camera of MK4", bytes: bench };

/** Built as it goes out, and taken apart again by a parser that is not ours. */
export async function showMail({ message, hasPicture }: MailSample): Promise<ShownMail> {
  const what = delivery({ message, pictures: hasPicture ? [picture] : [] });
  const headers = { from: { address: "a@example.org" }, to: [{ address: "b@example.org" }], cc: [], agentId: "a1b2c3" };
  const raw = new TextDecoder("latin1").decode(await buildMail(what, headers));
  const [shown, blocked] = [await simpleParser(raw), await simpleParser(raw, { keepCidLinks: true })];
  return { html: String(shown.html), blockedHtml: String(blocked.html) };
}

/** A dim room, a bed, and something like a boat on it. */
function paintBench(): Bitmap {
  const [widthPixels, heightPixels] = [960, 540];
  const rgba = new Uint8Array(widthPixels * heightPixels * 4);
  for (let y = 0; y < heightPixels; y++) {
    for (let x = 0; x < widthPixels; x++) {
      rgba.set([...pixel(x / widthPixels, y / heightPixels), 255], (y * widthPixels + x) * 4);
    }
  }
  return { widthPixels, heightPixels, rgba };
}

function pixel(x: number, y: number): readonly [number, number, number] {
  const isHull = y > 0.52 && y < 0.7 && x > 0.3 + (y - 0.52) * 0.5 && x < 0.72 - (y - 0.52) * 0.7;
  const isCabin = x > 0.42 && x < 0.56 && y > 0.36 && y <= 0.52;
  const isChimney = x > 0.46 && x < 0.5 && y > 0.28 && y <= 0.36;
  if (isHull || isCabin || isChimney) return [235 - y * 90, 110 - y * 40, 30];
  if (y > 0.66) return (Math.floor(x * 24) + Math.floor(y * 14)) % 2 ? [58, 58, 60] : [52, 52, 55];
  return [70 + 60 * (1 - y) * x, 72 + 55 * (1 - y) * x, 80 + 50 * (1 - y) * x];
}
