import assert from "node:assert/strict";
import { openLink } from "../../bridge/open_link.ts";
import { systemClock } from "../../src/clock.ts";
import { startDemoStory, type StoryChapter } from "../../src/demo/demo_story.ts";
import { simulatePrinterOnPty } from "../../src/demo/printer_on_pty.ts";
import { simulatePrinterOnTcp } from "../../src/demo/printer_on_tcp.ts";
import { FakeClock } from "../support/fake_clock.ts";

const clock = systemClock({ bootId: "test" });

/** Opens the address, sends M115 until something is answered, and returns the answer up to its `ok`. */
async function identify(address: string): Promise<string> {
  const signal = AbortSignal.timeout(10_000);
  await using link = await openLink(address, { signal });
  const writer = link.writable.getWriter();
  await writer.write(new TextEncoder().encode("M115\n"));
  let heard = "";
  const decoder = new TextDecoder();
  for await (const bytes of link.readable) {
    heard += decoder.decode(bytes, { stream: true });
    if (/^ok$/m.test(heard)) break;
  }
  return heard;
}

async function withFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a simulated printer on a PTY is the same printer after its cable was pulled and put back", () =>
  withFolder(async (folder) => {
    const linkPath = `${folder}/printer`;
    await using bench = simulatePrinterOnPty({ clock, linkPath, machine: "Bench" });
    assert.match(await identify(`serial:${linkPath}`), /MACHINE_TYPE:Bench/);
    bench.printer.say("M117"); // nobody listens: lost, as on a cable
    await bench.unplug();
    await assert.rejects(Deno.lstat(linkPath), Deno.errors.NotFound);
    bench.replug();
    const answer = await identify(`serial:${linkPath}`);
    assert.match(answer, /MACHINE_TYPE:Bench/);
    assert.doesNotMatch(answer, /^start$/m);
    assert.equal(bench.printer.linesReceived, 2);
  }));

Deno.test("a simulated printer on TCP serves one host after the other", async () => {
  await using bench = simulatePrinterOnTcp({ clock, machine: "Bridged" });
  for (let host = 0; host < 2; host++) {
    assert.match(await identify(`tcp://127.0.0.1:${bench.port}`), /MACHINE_TYPE:Bridged/);
  }
});

for (const [isFast, atMostSeconds] of [[true, 30], [false, 130]] as const) {
  Deno.test(`the ${isFast ? "fast " : ""}demo tells its whole plot within ${atMostSeconds} seconds`, () =>
    withFolder(async (folder) => {
      const fake = new FakeClock();
      const linkPath = `${folder}/printer`;
      const chapters: StoryChapter[] = [];
      await using story = startDemoStory({
        clock: fake,
        linkPath,
        isFast,
        signal: new AbortController().signal,
        onChapter: (chapter) => chapters.push(chapter),
      });
      await fake.advance(60_000);
      assert.deepEqual(chapters, ["waiting for the agent"]);
      assert.equal(story.printedPercent(), 0);
      await identify(`serial:${linkPath}`);
      await identify(`serial:${linkPath}`);
      await fake.advance(atMostSeconds * 1000);
      assert.deepEqual(chapters, ["waiting for the agent", "printing", "out of filament", "printing on", "finished"]);
      assert.equal(story.printedPercent(), 100);
      await story.ended;
    }));
}
