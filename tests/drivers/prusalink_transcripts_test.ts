/** What a real PrusaLink 0.8.1 said, replayed: polls that meet other moments, and some that fail, tell the same. */
import { deepEqual } from "node:assert/strict";
import { prusalink } from "../../src/drivers/prusalink/prusalink.ts";
import { readAnswers, replayPolls } from "../support/prusalink_replay.ts";
import type { ToldEvent } from "../support/replay.ts";

const folder = "tests/transcripts/prusalink";

const recordings = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".jsonl")).map(({ name }) => {
  const expected = Deno.readTextFileSync(`${folder}/${name.replace(/\.jsonl$/, ".expected.json")}`);
  const answers = readAnswers(`${folder}/${name}`);
  return { name: name.replace(/\.jsonl$/, ""), answers, expected: JSON.parse(expected) as ToldEvent[] };
});

for (const { name, answers, expected } of recordings) {
  Deno.test(`transcript ${name}: what its owner is told`, async () => {
    deepEqual((await replayPolls(prusalink, answers)).told, expected);
  });

  for (const phaseMilliseconds of [700, 1900, 3300, 4700]) {
    Deno.test(`transcript ${name}: the same, whichever moments the polls meet (${phaseMilliseconds} ms later)`, async () => {
      const { told } = await replayPolls(prusalink, answers, { phaseMilliseconds });
      deepEqual(withoutMissedWords(told), withoutMissedWords(expected));
    });
  }

  Deno.test(`transcript ${name}: the same, where every seventh answer is lost on the way`, async () => {
    const { told } = await replayPolls(prusalink, answers, { fails: (request) => request % 7 === 3 });
    deepEqual(withoutMissedWords(told), withoutMissedWords(expected));
  });
}

/** The one second in which kill_restart says why may lie between two polls; that the printer failed is seen nevertheless. */
function withoutMissedWords(told: readonly ToldEvent[]): ToldEvent[] {
  const words = ["Firmware detected a hardware issue", "the printer restarted"];
  return told.map((event) => event.text && words.includes(event.text) ? { ...event, text: "(one of two)" } : event);
}
