/**
 * What every driver must do, whatever it speaks. Each plays its recordings through the real driver and domain; a driver
 * without a row here fails the check of pairs.
 */
import assert from "node:assert/strict";
import { marlinRow } from "./conformance/marlin.ts";
import { moonrakerRow } from "./conformance/moonraker.ts";
import { octoprintRow } from "./conformance/octoprint.ts";
import { prusalinkRow } from "./conformance/prusalink.ts";
import {
  type Disturbance,
  type DriverRow,
  randomFrom,
  type Transcript,
  undisturbed,
  watchPlan,
} from "./conformance/world.ts";

const rows: Readonly<Record<string, DriverRow>> = {
  marlin: marlinRow,
  moonraker: moonrakerRow,
  octoprint: octoprintRow,
  prusalink: prusalinkRow,
};

const seeds = [1, 2];
const endings = ["finished", "cancelled", "failed", "ended"];

function disturbed(seed: number, changes: Partial<Disturbance> = {}): Disturbance {
  return { ...undisturbed, cutsBytes: true, delayMilliseconds: 40, random: randomFrom(seed), ...changes };
}

/** The place in a recording for a seed. */
function somewhere({ lengthMilliseconds }: Transcript, seed: number): number {
  return Math.round(lengthMilliseconds * (0.1 + 0.8 * randomFrom(seed)()));
}

/** Who only talks and has nothing more to say is rightly taken for lost. */
function isSilentAfter(transcript: Transcript, from: number): boolean {
  const { lengthMilliseconds: until } = transcript;
  const nobody = { transcript, from, until, now: () => from, hear() {}, disturbance: undisturbed };
  const { moments } = transcript.printer(nobody);
  const next = moments.find((moment) => moment >= from + reconnectMilliseconds) ?? Infinity;
  return moments.length > 0 && next - from > offlineGraceMilliseconds;
}

const offlineGraceMilliseconds = 29_000;
const reconnectMilliseconds = 2000;

function kinds(told: readonly { readonly kind: string }[]): string[] {
  return told.map(({ kind }) => kind);
}

function count(told: readonly { readonly kind: string }[], ...wanted: string[]): number {
  return told.filter(({ kind }) => wanted.includes(kind)).length;
}

for (const [name, row] of Object.entries(rows)) {
  const checkWords = (said: readonly string[], logged: readonly string[]) => {
    assert.deepEqual(said.filter((word) => !row.mayBeSaid.test(word)), [], `${name} said what it may not`);
    const text = logged.join("\n");
    for (const secret of row.secrets) assert(!text.includes(secret), `${name} logged a secret`);
  };

  for (const transcript of row.transcripts) {
    Deno.test(`${transcript.name}: what its owner is told, however it arrives; nothing else is said or logged`, async () => {
      for (const disturbance of [undisturbed, ...seeds.map((seed) => disturbed(seed))]) {
        const { told, said, logged, sleepersLeft } = await watchPlan(row, [{ transcript }], { disturbance });
        assert.deepEqual(told, transcript.expected);
        assert.equal(sleepersLeft, 0);
        checkWords(said, logged);
      }
    });

    Deno.test(`${transcript.name}: cut off anywhere, nothing is told that did not happen until then`, async () => {
      for (const seed of seeds) {
        const until = somewhere(transcript, seed);
        const { told } = await watchPlan(row, [{ transcript, until }], { tailMilliseconds: 0 });
        assert.deepEqual(told, transcript.expected.slice(0, told.length));
      }
    });

    Deno.test(`${transcript.name}: an abort ends the watch at once, wherever it comes`, async () => {
      for (const seed of seeds) {
        const until = somewhere(transcript, seed);
        const { sleepersLeft } = await watchPlan(row, [{ transcript, until }], { tailMilliseconds: 0 });
        assert.equal(sleepersLeft, 0);
      }
    });

    Deno.test(`${transcript.name}: a short break in the link is no news: the job goes on as the same`, async () => {
      const until = somewhere(transcript, 3);
      const { told, said, logged } = await watchPlan(row, [
        { transcript, until },
        { transcript, from: until, silentMilliseconds: 0 },
      ]);
      const expected = kinds(transcript.expected);
      assert(count(told, "started") <= count(transcript.expected, "started"), kinds(told).join());
      assert(count(told, ...endings) <= count(transcript.expected, ...endings), `${kinds(told)} for ${expected}`);
      if (!isSilentAfter(transcript, until)) {
        assert.equal(count(told, "offline"), count(transcript.expected, "offline"));
      }
      checkWords(said, logged);
    });

    Deno.test(`${transcript.name}: back after its end: one start, one end at most, and offline is followed by online`, async () => {
      const until = somewhere(transcript, 4);
      const { told } = await watchPlan(row, [
        { transcript, until },
        { transcript, from: transcript.lengthMilliseconds, silentMilliseconds: 120_000 },
      ]);
      assert(count(told, "started") <= count(transcript.expected, "started"), kinds(told).join());
      assert(count(told, ...endings) <= Math.max(1, count(transcript.expected, ...endings)), kinds(told).join());
      const seldom = count(told, "offline") + count(transcript.expected, "online");
      assert(count(told, "online") <= seldom, kinds(told).join());
    });

    Deno.test(`${transcript.name}: garbage between the words crashes nothing, and leaks nothing`, async () => {
      for (const seed of seeds) {
        const disturbance = disturbed(seed, { garbage: true });
        const { said, logged, sleepersLeft } = await watchPlan(row, [{ transcript }], { disturbance });
        assert.equal(sleepersLeft, 0);
        checkWords(said, logged);
      }
    });
  }

  Deno.test(`${name}: back with another job: the first ends once at most, the second starts once at most`, async () => {
    const inPrint = row.transcripts.filter(({ expected }) => count(expected, "started") === 1).slice(0, 4);
    for (const [index, transcript] of inPrint.entries()) {
      const other = inPrint[(index + 1) % inPrint.length] ?? transcript;
      const { told } = await watchPlan(row, [
        { transcript, until: Math.round(transcript.lengthMilliseconds / 2) },
        { transcript: other, silentMilliseconds: 60_000 },
      ]);
      const most = 2 + (row.mostMissedPrints ?? 0);
      assert(count(told, "started") <= most && count(told, ...endings) <= most, kinds(told).join());
    }
  });
}
