import assert from "node:assert/strict";
import fc from "fast-check";
import type { SendResult } from "../../src/domain/delivery.ts";
import { Fixture } from "./samples.ts";

type Step =
  | { readonly kind: "event"; readonly event: "started" | "progress" | "finished" | "failed"; readonly job: string }
  | { readonly kind: "send"; readonly result: SendResult }
  | { readonly kind: "wait"; readonly seconds: number }
  | { readonly kind: "restart" };

const results = fc.constantFrom<SendResult>(
  { kind: "sent" },
  { kind: "retry", reason: "busy" },
  { kind: "retry", reason: "429", afterSeconds: 90 },
  { kind: "retry", reason: "no route", isOffline: true },
  { kind: "uncertain", reason: "the connection broke" },
  { kind: "tooLarge", reason: "552" },
  { kind: "rejected", reason: "550" },
);
const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("event" as const),
      event: fc.constantFrom(
        "started" as const,
        "progress" as const,
        "progress" as const,
        "finished" as const,
        "failed" as const,
      ),
      job: fc.constantFrom("a", "b"),
    }),
    fc.record({ kind: fc.constant("send" as const), result: results }),
    fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 100 }) }),
    fc.constant({ kind: "restart" as const }),
  ),
  { maxLength: 40 },
) satisfies fc.Arbitrary<Step[]>;

Deno.test("whatever becomes of the tries: what is told is told once, no end is lost, no progress follows an end", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (story) => {
      using fixture = new Fixture();
      const accepted: string[] = [];
      const ends = new Set<number>();
      const rejected = new Set<number>();
      const over = new Map<string, number>(); // job → its newest end that was accepted
      const send = (result: SendResult) => {
        const delivery = fixture.outbox.take("mail");
        if (!delivery) return false;
        const isProgress = delivery.kind === "progress";
        assert.ok(!isProgress || (over.get(delivery.jobId ?? "") ?? 0) < delivery.event, "progress after the end");
        if (result.kind === "sent") accepted.push(delivery.messageId);
        if (result.kind === "sent" && ends.has(delivery.event)) over.set(delivery.jobId ?? "", delivery.event);
        const settled = fixture.outbox.settle(delivery, result);
        if (settled.state === "rejected") rejected.add(delivery.event);
        return true;
      };
      for (const step of story) {
        if (step.kind === "send") send(step.result);
        else if (step.kind === "wait") await fixture.clock.advance(step.seconds * 1000);
        else if (step.kind === "restart") fixture.outbox.recover();
        else {
          const { event } = fixture.enqueue(step.event, { job: step.job });
          if (step.event === "finished" || step.event === "failed") ends.add(event);
        }
      }
      await fixture.clock.advance(600_000);
      while (send({ kind: "sent" }));
      assert.equal(new Set(accepted).size, accepted.length, "sent twice");
      for (const end of ends) {
        assert.ok(rejected.has(end) || accepted.some((id) => id.startsWith(`<e${end}.`)), `the end ${end} was lost`);
      }
      assert.deepEqual(fixture.outbox.list({ states: ["queued", "sending", "uncertain"], limit: 10 }), []);
    }),
    { numRuns: 60 },
  );
});
