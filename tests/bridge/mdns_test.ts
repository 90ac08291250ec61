/** Real multicast on `lo`: hosts that announce themselves well, badly and dishonestly. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
// @ts-types="../../bridge/dns_packet.d.ts"
import { encode } from "dns-packet";
import { type AnnouncedService, browseServices } from "../../bridge/find_devices.ts";
import { systemClock } from "../../src/clock.ts";
import { announcement, respond, srv } from "../support/mdns_responder.ts";

const clock = systemClock({ bootId: "test" });
const never = new AbortController().signal;

/** A type of its own for each test: they share the group. */
function ownType(): string {
  return `_fila${crypto.randomUUID().slice(0, 8)}._tcp.local`;
}

/** Looks until it is right: packets get lost on busy machines, too. */
async function browse(type: string, isRight: (found: AnnouncedService[]) => boolean): Promise<AnnouncedService[]> {
  for (let tries = 0;; tries++) {
    const found = await browseServices([type], { clock, signal: never, seconds: 1 + tries, interfaceName: "lo" });
    if (isRight(found) || tries === 4) return found;
  }
}

const isOne = (found: unknown[]) => found.length === 1;

Deno.test("an announcement in parts, doubled and in any case of letters is one service", async () => {
  const type = ownType();
  const instance = `Voron 2.4.${type}`;
  await using _host = await respond(type, () => [
    announcement(type, "Voron 2.4"),
    announcement(type, "VORON 2.4"),
    encode({
      type: "response",
      id: 0,
      answers: [
        srv(instance.toUpperCase(), { target: "Voron.local", port: 7125 }),
        { type: "TXT", name: instance, data: [Buffer.from("uuid=42"), Buffer.from("route_prefix=")] },
      ],
      additionals: [
        { type: "A", name: "voron.local", data: "127.0.0.1" },
        { type: "A", name: "voron.local", data: "127.0.0.2" },
      ],
    }),
  ]);
  assert.deepEqual(await browse(type, isOne), [{
    type,
    name: "Voron 2.4",
    hostname: "Voron.local",
    port: 7125,
    addresses: ["127.0.0.1", "127.0.0.2"],
    txt: { uuid: "42", route_prefix: "" },
  }]);
});

Deno.test("without an address record the sender is the address, as with PrusaLink", async () => {
  const type = ownType();
  await using _host = await respond(type, () => [
    announcement(type, "PrusaLink", [srv(`PrusaLink.${type}`, { target: "pi.local", port: 80 })]),
  ]);
  const [service] = await browse(type, isOne);
  assert.deepEqual(service?.addresses, ["127.0.0.1"]);
});

Deno.test("what an announcement leaves out is asked for", async () => {
  const type = ownType();
  await using host = await respond(type, () => [announcement(type, "half")]);
  assert.deepEqual(await browse(type, () => host.asked.includes(`half.${type}`)), []);
  assert(host.asked.includes(`half.${type}`));
});

Deno.test("garbage, floods and services that were not asked for change nothing", async () => {
  const type = ownType();
  const good = announcement(type, "good", [srv(`good.${type}`, { target: "good.local", port: 80 })]);
  await using _host = await respond(type, () => [
    new Uint8Array(0),
    crypto.getRandomValues(new Uint8Array(500)),
    good.slice(0, 20),
    announcement("_other._tcp.local", "other", [srv("other._other._tcp.local", { target: "other.local", port: 1 })]),
    encode({
      type: "response",
      id: 0,
      answers: [{ type: "PTR", name: type, data: "elsewhere.example.com" }],
    }),
    ...Array.from({ length: 300 }, (_, number) => announcement(type, `flood ${number}`)),
    good,
    // a name that points to itself
    Buffer.concat([Buffer.from("000084000000000100000000", "hex"), Buffer.from("c00c000c00010000000a0002c00c", "hex")]),
  ]);
  const found = await browse(type, () => true);
  assert(found.length <= 1 && found.every(({ name }) => name === "good"), JSON.stringify(found));
});

Deno.test("an interface that is not there is named, with those that are", async () => {
  const looking = browseServices([ownType()], { clock, signal: never, seconds: 1, interfaceName: "eth77" });
  await assert.rejects(looking, /on "eth77": it is not there or has no address\. There are .*lo/);
});

Deno.test("an abort ends the looking", async () => {
  const abort = new AbortController();
  const looking = browseServices([ownType()], { clock, signal: abort.signal, seconds: 600, interfaceName: "lo" });
  abort.abort(new Error("enough"));
  await assert.rejects(looking, /enough/);
});
