/**
 * The simulator is asked what the real Marlin of the recordings was asked, at the same times, and must answer the same. Temperatures,
 * positions and keep-alives are compared by their own tests: their numbers depend on heaters and axes.
 */
import assert from "node:assert/strict";
import type { FirmwareBuildName } from "../../src/demo/marlin/build.ts";
import { SdCard } from "../../src/demo/marlin/sd_card.ts";
import { MarlinSimulator } from "../../src/demo/marlin_simulator.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryHost } from "./host.ts";

interface Row {
  readonly t: number;
  readonly dir: "tx" | "rx" | "note";
  readonly text: string;
}

interface Scene {
  readonly recording: string;
  readonly build?: FirmwareBuildName;
  readonly hasCard?: boolean;
  /** Only the rows up to this sent line, this one excluded. */
  readonly until?: string;
  /** What happens at the printer: after this row, so many milliseconds later. */
  readonly meanwhile?: { readonly after: string; readonly milliseconds: number; act(printer: MarlinSimulator): void };
  /** Lines the simulator leaves out, with the reason. */
  readonly except?: { readonly pattern: RegExp; readonly because: string };
}

const scenes: Scene[] = [
  {
    recording: "boot_and_info",
    except: {
      pattern:
        /^(> M503|> M78|> M119|echo:;|echo: {2}|Stats:|Reporting|x_min|y_min|z_min|filament:|ok$|echo:Unknown command: "M78")/,
      because: "settings and statistics are not simulated",
    },
  },
  {
    recording: "m0_m1_wait_user",
    except: { pattern: /^> M105$/, because: "it was sent in the same moment as an answer" },
  },
  { recording: "m112_kill" },
  { recording: "nosd_media_commands", build: "nosd" },
  {
    recording: "plain_board",
    build: "plain",
    until: "M503 S0",
  },
  { recording: "line_numbers_resend", until: "N32 M105*23" },
  {
    recording: "sd_no_card",
    hasCard: false,
    until: "M25",
  },
  { recording: "sd_upload_delete", except: { pattern: /^NUM\.GCO/, because: "the size counts line ends otherwise" } },
  {
    recording: "thermal_runaway_hotend",
    meanwhile: {
      after: "heater loses its power",
      milliseconds: 0,
      act: (printer) => printer.failHeater("Thermal Runaway"),
    },
  },
  {
    recording: "mintemp_open_thermistor",
    meanwhile: { after: "M104 S60", milliseconds: 3250, act: (printer) => printer.failHeater("MINTEMP triggered") },
  },
  {
    recording: "power_cycle_mid_session",
    meanwhile: { after: "power cycle (SIGUSR1)", milliseconds: 100, act: (printer) => printer.powerCycle() },
  },
  { recording: "m600_filament_change" },
  {
    recording: "filament_runout_sd_print",
    until: "M27",
    meanwhile: { after: "M27 S5", milliseconds: 3308, act: (printer) => printer.runOut() },
    except: { pattern: /^> M27 S5$/, because: "the M104 before it waits for a longer move in our file" },
  },
];

/** Numbers of the simulation, sent by its own clock, or artefacts of the recording. */
const incomparable =
  /^( T:|ok T:|SD printing byte|Not SD printing|echo:busy|X:|echo:V87|echo:EEPROM|echo:No EEPROM|x86_64|FIRMWARE_NAME|\/\/action:notification (Stored|EEPROM|Hardcoded)|echo:Hardcoded)/;

function comparable(scene: Scene, lines: readonly string[]): string[] {
  return lines.filter((line) => !incomparable.test(line) && !scene.except?.pattern.test(line));
}

function readRows(scene: Scene): Row[] {
  const url = new URL(`../transcripts/marlin/${scene.recording}.jsonl`, import.meta.url);
  const rows = Deno.readTextFileSync(url).trim().split("\n").map((line): Row => JSON.parse(line));
  const end = scene.until === undefined ? -1 : rows.findIndex((row) => row.dir === "tx" && row.text === scene.until);
  return end < 0 ? rows : rows.slice(0, end);
}

/** A card with the recorded files: as long, and moves of about as many seconds. */
function recordedCard(): SdCard {
  const moves = Array.from({ length: 400 }, (_, index) => `G1 X${20 + index % 2 * 5} Y20 E${index} F1200`);
  const model = new TextEncoder().encode(`G92 E0\n${moves.join("\n")}\n`.padEnd(9313, ";"));
  return new SdCard({
    "SUB/INNER.GCO": model.slice(0, 9313),
    "A.GCO": model.slice(0, 9313),
    "A long file name.gcode": new Uint8Array(480).fill(10),
    "STOP.GCO": new Uint8Array(57).fill(10),
  });
}

async function replay(scene: Scene, rows: readonly Row[]): Promise<string[]> {
  const clock = new FakeClock();
  await using printer = new MarlinSimulator({
    clock,
    build: scene.build ?? "full",
    ...(scene.hasCard === false ? {} : { card: recordedCard() }),
    random: () => 0.5,
  });
  const host = new MemoryHost(clock);
  printer.attach(host.pipe);
  printer.powerCycle();
  const firstMilliseconds = rows[0]?.t ?? 0;
  const advanceTo = (milliseconds: number) => clock.advance(Math.max(0, milliseconds - host.milliseconds));
  for (const row of rows) {
    if (row.dir === "rx") continue;
    await advanceTo(row.t - firstMilliseconds);
    if (row.dir === "tx") {
      host.heard.push({ milliseconds: host.milliseconds, text: `> ${row.text}` });
      await host.send(row.text.replace(/\\r$/, "\r"));
    }
    if (row.text !== scene.meanwhile?.after) continue;
    await clock.advance(scene.meanwhile.milliseconds);
    scene.meanwhile.act(printer);
  }
  await advanceTo((rows.at(-1)?.t ?? 0) - firstMilliseconds + 100);
  await host.close();
  return host.texts;
}

for (const scene of scenes) {
  Deno.test(`the simulator answers like the real Marlin of ${scene.recording}`, async () => {
    const rows = readRows(scene);
    const recorded = rows.filter((row) => row.dir !== "note").map((row) =>
      row.dir === "tx" ? `> ${row.text}` : row.text
    );
    const said = await replay(scene, rows);
    assert.deepEqual(comparable(scene, said), comparable(scene, recorded));
  });
}
