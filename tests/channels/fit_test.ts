import assert from "node:assert/strict";
import fc from "fast-check";
import type { ChannelLimits } from "../../src/channels/channel.ts";
import { fitMessage, shortenLine } from "../../src/channels/fit.ts";
import { plainText } from "../../src/channels/plain_text.ts";
import { message, picture } from "./sending.ts";

const roomy: ChannelLimits = {
  titleCharacters: 250,
  bodyCharacters: 10_000,
  pictures: 2,
  pictureBytes: 1_000_000,
  messagesPerMinute: 60,
};

Deno.test("a message that fits is left alone", () => {
  const pictures = [picture()];
  assert.deepEqual(fitMessage(message, pictures, roomy), { message, pictures });
});

Deno.test("the name of the print is shortened first, in its middle", () => {
  const job = "calibration_cube_with_a_very_long_name_v17_final";
  const line = `MK4: ${job} finished in 1 h 12 min`;
  const short = shortenLine(line, { max: 50, job });
  assert.equal([...short].length, 50);
  assert.match(short, /^MK4: calib\w+…\w+_final finished in 1 h 12 min$/);
});

Deno.test("where even that is too long the line is cut at its end", () => {
  const short = shortenLine("MK4: benchy failed at 50 %: " + "Heater error ".repeat(20), { max: 60, job: "benchy" });
  assert.equal([...short].length <= 60, true);
  assert.match(short, /^MK4: benchy failed at 50 %: Heater.*…$/);
});

Deno.test("facts go from the last on, the first line stays", () => {
  const facts = Array.from({ length: 50 }, (_, index) => ({ label: `fact ${index}`, value: "x".repeat(20) }));
  const { message: fitted } = fitMessage({ ...message, facts }, [], { ...roomy, bodyCharacters: 500 });
  assert(fitted.facts.length > 5 && fitted.facts.length < 20);
  assert.equal(fitted.facts[0]?.label, "fact 0");
  assert([...plainText(fitted)].length <= 500);
});

Deno.test("pictures that are too many stay behind, one that is too large is told", () => {
  const { pictures, message: fitted } = fitMessage(
    message,
    [picture(10), picture(2_000_000), picture(20), picture(30)],
    roomy,
  );
  assert.deepEqual(pictures.map(({ bytes }) => bytes.length), [picture(10).bytes.length, picture(20).bytes.length]);
  assert.deepEqual(fitted.notes, ["A picture was left out: it has 2.0 MB, this channel takes 1.0 MB."]);
});

Deno.test("whatever the texts, lines keep the limit and no letter is torn apart", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 200 });
  fc.assert(fc.property(text, text, fc.integer({ min: 1, max: 150 }), (job, rest, max) => {
    const line = `MK4: ${job} ${rest}`;
    const short = shortenLine(line, { max, job });
    assert([...short].length <= max || short === line);
    assert(short.isWellFormed() || !line.isWellFormed());
  }));
});
