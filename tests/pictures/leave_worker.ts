/** A program that turns one picture, lets go of the worker and ends; its output is the picture. */
import { systemClock } from "../../src/clock.ts";
import { Pixels } from "../../src/pictures/pixels.ts";

const bytes = await new Response(Deno.stdin.readable).bytes();
using pixels = new Pixels(systemClock({ bootId: "test" }));
const result = await pixels.transform(bytes, { rotateDegrees: 90 });
if (result.kind === "picture") await Deno.stdout.write(result.bytes);
