import assert from "node:assert/strict";
import { findSupervisor } from "../../bridge/notify_systemd.ts";
import { until } from "../support/filagram.ts";
import { listenAsSystemd } from "../support/notify_socket.ts";

for (const kind of ["a path", "an abstract name"]) {
  Deno.test(`systemd hears what it is told, at ${kind}`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "filagram-notify-" });
    await using _folder = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
    await using systemd = await listenAsSystemd(kind === "a path" ? `${folder}/notify` : `@${folder}/notify`);
    const supervisor = findSupervisor(new Map([["NOTIFY_SOCKET", systemd.address]]), 1);
    assert.ok(supervisor);
    supervisor.tell({ kind: "ready", status: "Watching MK4" });
    supervisor.tell({ kind: "alive" });
    supervisor.tell({ kind: "stopping", status: "Settling" });
    await until("three words are heard", () => systemd.lines.length >= 5);
    assert.deepEqual(systemd.lines, ["READY=1", "STATUS=Watching MK4", "WATCHDOG=1", "STOPPING=1", "STATUS=Settling"]);
  });
}

Deno.test("a supervisor that is gone, or whose name is too long, changes nothing", () => {
  for (const name of ["/nonexistent/notify", "@nobody-listens-here", `/${"x".repeat(200)}`]) {
    findSupervisor(new Map([["NOTIFY_SOCKET", name]]), 1)?.tell({ kind: "alive" });
  }
});

const cases: readonly [string, Record<string, string>, unknown][] = [
  ["nobody", {}, undefined],
  ["a socket of another kind", { NOTIFY_SOCKET: "vsock:2:1234" }, undefined],
  ["no watchdog", { NOTIFY_SOCKET: "/run/n" }, { wants: undefined }],
  ["a watchdog", { NOTIFY_SOCKET: "/run/n", WATCHDOG_USEC: "60000000", WATCHDOG_PID: "7" }, { wants: 60_000 }],
  ["another's watchdog", { NOTIFY_SOCKET: "/run/n", WATCHDOG_USEC: "60000000", WATCHDOG_PID: "8" }, {
    wants: undefined,
  }],
  ["nonsense", { NOTIFY_SOCKET: "/run/n", WATCHDOG_USEC: "often" }, { wants: undefined }],
];
for (const [name, env, expected] of cases) {
  Deno.test(`findSupervisor() finds ${name}`, () => {
    const found = findSupervisor(new Map(Object.entries(env)), 7);
    assert.deepEqual(found && { wants: found.watchdogMilliseconds }, expected);
  });
}
