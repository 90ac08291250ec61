/**
 * What every channel must hold to. A new channel adds its row below; the suite does the rest.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { BoundChannel, ChannelIo, SealedChannel } from "../../src/channels/channel.ts";
import { fitMessage } from "../../src/channels/fit.ts";
import { channels } from "../../src/channels/registry.ts";
import { startSmtpServer } from "../support/smtp_server.ts";
import { caFile, channelIo, delivery, mailSender, message, never, picture } from "./sending.ts";

/** A world in which the channel can deliver. */
interface World extends AsyncDisposable {
  readonly settings: Record<string, unknown>;
  readonly io: ChannelIo;
  /** Messages that arrived. */
  arrived(): number;
}

interface Row {
  /** Secrets in the settings; none may be shown. */
  readonly secrets: readonly string[];
  /** `isDown`: the other side answers nothing. */
  world(options: { isDown: boolean }): Promise<World>;
}

const password = "plum-tree-4711";

const rows: Record<string, Row> = {
  email: {
    secrets: [password],
    async world({ isDown }) {
      const login = { user: "me@example.org", password };
      const server = await startSmtpServer({ tls: "starttls", login });
      const { port, mails } = server;
      if (isDown) await server[Symbol.asyncDispose]();
      return {
        settings: {
          host: "localhost",
          port,
          tls: "starttls",
          caFile,
          ...login,
          to: ["a@example.org", "B <b@example.org>"],
        },
        io: channelIo(),
        arrived: () => mails.length,
        [Symbol.asyncDispose]: () => isDown ? Promise.resolve() : server[Symbol.asyncDispose](),
      };
    },
  },
  sms_gateway: {
    secrets: [],
    async world({ isDown }) {
      const server = await startSmtpServer();
      const { port, mails } = server;
      if (isDown) await server[Symbol.asyncDispose]();
      const carrier = mailSender({ host: "localhost", port, tls: "none" });
      return {
        settings: { number: "5551234567", carrier: "google_fi", via: "mail", mms: true },
        io: channelIo({ carrier: () => carrier }),
        arrived: () => mails.length,
        async [Symbol.asyncDispose]() {
          await carrier[Symbol.asyncDispose]();
          if (!isDown) await server[Symbol.asyncDispose]();
        },
      };
    },
  },
};

for (const channel of channels) {
  const row = rows[channel.id];

  Deno.test(`${channel.id}: has a row in this suite`, () => assert(row));
  if (!row) continue;
  const test = (name: string, body: (channel: SealedChannel, row: Row) => Promise<void>) =>
    Deno.test(`${channel.id}: ${name}`, () => body(channel, row));

  test("limits are positive and settings know their fields", async () => {
    for (const [name, limit] of Object.entries(channel.limits)) {
      assert(typeof limit !== "number" || limit > 0 || name === "pictures", name);
    }
    await using world = await row.world({ isDown: true });
    assert(!channel.settings.safeParse({ ...world.settings, colour: "red" }).success, "an unknown key is refused");
    assert(!channel.settings.safeParse({}).success, "a channel without settings is refused");
    const { recipients } = channel.bind(world.settings);
    assert(recipients.length > 0);
    assert.equal(new Set(recipients).size, recipients.length);
  });

  test("a message with a picture arrives once for each recipient", async () => {
    await using world = await row.world({ isDown: false });
    const bound = channel.bind(world.settings);
    await using sender = bound.open(world.io);
    for (const recipient of bound.recipients) {
      const result = await sender.send(fitted(bound, { recipient, pictures: [picture(20_000)] }), never);
      assert.equal(result.kind, "sent", JSON.stringify(result));
    }
    assert.equal(world.arrived(), bound.recipients.length);
  });

  test("with nobody there it is tried again, in a sentence without secrets", async () => {
    await using world = await row.world({ isDown: true });
    const bound = channel.bind(world.settings);
    await using sender = bound.open(world.io);
    const result = await sender.send(fitted(bound, {}), never);
    assert.equal(result.kind, "retry");
    for (const secret of row.secrets) assert(!JSON.stringify(result).includes(secret));
  });

  test("a send that was stopped before it began is no failure of the message", async () => {
    await using world = await row.world({ isDown: false });
    const bound = channel.bind(world.settings);
    await using sender = bound.open(world.io);
    const result = await sender.send(fitted(bound, {}), AbortSignal.abort());
    assert.equal(result.kind, "retry");
    assert.equal(world.arrived(), 0);
  });

  test("any text arrives, whatever a file is called (museum: 18)", async () => {
    await using world = await row.world({ isDown: false });
    const bound = channel.bind(world.settings);
    await using sender = bound.open(world.io);
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 300 }), async (job) => {
        const odd = { ...message, job, subject: `[MK4] ${job}`, firstLine: `MK4: ${job} finished`, body: job };
        const result = await sender.send(fitted(bound, { message: odd }), never);
        assert.equal(result.kind, "sent", JSON.stringify(result));
        sent++;
      }),
      { numRuns: 40 },
    );
    assert.equal(world.arrived(), sent);
  });

  test("check says what was tried, and where it fails why", async () => {
    for (const isDown of [false, true]) {
      await using world = await row.world({ isDown });
      await using sender = channel.bind(world.settings).open(world.io);
      if (!sender.check) continue;
      const steps = await Array.fromAsync(sender.check(never));
      assert(steps.length > 0);
      assert(steps.slice(0, -1).every(({ isOk }) => isOk), "nothing is tried after a failure");
      for (const { detail } of steps) {
        assert(detail.length > 0);
        for (const secret of row.secrets) assert(!detail.includes(secret));
      }
      assert.equal(world.arrived(), 0, "a check sends nothing");
    }
  });
}

function fitted(channel: BoundChannel, changes: Parameters<typeof delivery>[0]) {
  const plain = delivery({ recipient: channel.recipients[0] ?? "", ...changes });
  return { ...plain, ...fitMessage(plain.message, plain.pictures, channel.limits) };
}
