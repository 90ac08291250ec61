/** Thumbnails, figures, bytes and camera pictures from both PrusaLinks, on a real port. */
import assert from "node:assert/strict";
import type { BoundDriver, DriverIo } from "../../src/drivers/driver.ts";
import type { FileRef } from "../../src/domain/print_file.ts";
import { fileRef } from "../../src/drivers/prusalink/files.ts";
import { prusalink } from "../../src/drivers/prusalink/prusalink.ts";
import { createLog, Secrets } from "../../src/log.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { type DoubleFile, PrusaLinkDouble } from "../support/prusalink_double.ts";

const io: DriverIo = {
  clock: new FakeClock(),
  log: createLog({ level: "error", secrets: new Secrets(), write: () => {} }),
  signal: new AbortController().signal,
  fetch,
  openLink: () => Promise.reject(new Error("no link here")),
  openMessages: () => Promise.reject(new Error("no messages here")),
};
const png = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]);
const secret = "correct horse";

function driverOf(double: PrusaLinkDouble): BoundDriver {
  return prusalink.bind({ address: double.url, password: secret });
}

/** As PrusaLink names them, in job.file and in the storages of its status. */
const names: Record<
  string,
  { file: Parameters<typeof fileRef>[0]; storages: Parameters<typeof fileRef>[1]; ref: FileRef }
> = {
  "Buddy": {
    file: { ...nameless(), name: "A~1.GCO", display_name: "a long.bgcode", path: "/usb", size: 9 },
    storages: [{ path: "/usb/", name: "usb" }],
    ref: { path: "A~1.GCO", storage: "usb", sizeBytes: 9, displayName: "a long.bgcode" },
  },
  "Buddy, in a folder": {
    file: { ...nameless(), name: "B~1.BGC", path: "/usb/PARTS~1" },
    storages: [{ path: "/usb/", name: "usb" }],
    ref: { path: "PARTS~1/B~1.BGC", storage: "usb" },
  },
  "Pi": {
    file: { ...nameless(), name: "a.gcode", display_name: "a.gcode", path: "/PrusaLink gcodes/sub/a.gcode" },
    storages: [{ path: "/local", name: "PrusaLink gcodes" }],
    ref: { path: "sub/a.gcode", storage: "local" },
  },
  "Pi, SD card": {
    file: { ...nameless(), name: "b.gcode", path: "/SD Card/b.gcode" },
    storages: [{ path: "/local", name: "x" }, { path: "/sdcard", name: "SD Card" }],
    ref: { path: "b.gcode", storage: "sdcard" },
  },
  "a folder of the same name": {
    file: { ...nameless(), name: "a", path: "/usb/a" },
    storages: undefined,
    ref: { path: "a", storage: "usb" },
  },
  "no path at all": {
    file: { ...nameless(), name: "a.gcode", path: undefined },
    storages: undefined,
    ref: { path: "a.gcode" },
  },
};

function nameless() {
  return { display_name: undefined, size: undefined, refs: undefined, meta: undefined };
}

for (const [name, { file, storages, ref }] of Object.entries(names)) {
  Deno.test(`fileRef() names a file as the API does: ${name}`, () => assert.deepEqual(fileRef(file, storages), ref));
}

const odd: DoubleFile = {
  path: "sub folder/50 % größer #1?.gcode",
  bytes: new TextEncoder().encode("; a file of some bytes\n".repeat(10_000)),
  thumbnail: png,
  meta: {
    estimated_print_time: 400,
    "filament used [mm] per tool": [1234.56, 10],
    "filament used [g]": 3.68,
    "filament_type per tool": ["PLA", "PETG"],
    layer_height: 0.2,
    nozzle_diameter: "0.4",
    printer_model: "MK3S",
  },
};

for (const variant of ["buddy", "pi"] as const) {
  const storage = variant === "buddy" ? "usb" : "local";

  Deno.test(`${variant}: thumbnail and figures of a file with an odd name in a folder`, async () => {
    await using double = new PrusaLinkDouble({ variant });
    double.files.push(odd);
    const found = await driverOf(double).describePrintFile?.({ path: odd.path, storage }, io);
    assert.deepEqual(found, {
      facts: {
        estimatedSeconds: 400,
        filamentMillimetres: [1234.56, 10],
        filamentGrams: [3.68],
        filamentTypes: ["PLA", "PETG"],
        layerHeightMillimetres: 0.2,
        nozzleDiameterMillimetres: [0.4],
        printerModel: "MK3S",
      },
      thumbnail: png,
    });
  });

  Deno.test(`${variant}: a file is read in parts, though the server sends it whole`, async () => {
    await using double = new PrusaLinkDouble({ variant });
    double.files.push(odd);
    await using reader = await driverOf(double).openPrintFile?.({ path: odd.path, storage }, io);
    assert.equal(reader?.sizeBytes, odd.bytes.length);
    assert.deepEqual(await reader?.read(100_001, 50, io.signal), odd.bytes.slice(100_001, 100_051));
    assert.deepEqual(await reader?.read(odd.bytes.length - 5, 50, io.signal), odd.bytes.slice(-5));
  });

  Deno.test(`${variant}: what is gone, replaced, unknown or without a thumbnail is no error`, async () => {
    await using double = new PrusaLinkDouble({ variant });
    double.files.push({ ...odd, path: "plain.gcode", meta: {} }, { path: "bare.gcode", bytes: new Uint8Array(3) });
    const driver = driverOf(double);
    const describe = (file: FileRef) => driver.describePrintFile?.(file, io);
    assert.deepEqual(await describe({ path: "gone.gcode", storage }), { facts: {} });
    assert.deepEqual(await describe({ path: "plain.gcode", storage, sizeBytes: 7 }), { facts: {} });
    assert.deepEqual(await describe({ path: "plain.gcode" }), { facts: {} });
    assert.deepEqual(await describe({ path: "bare.gcode", storage }), { facts: {} });
    await assert.rejects(
      async () => await driver.openPrintFile?.({ path: "gone.gcode", storage }, io),
      /does not give out/,
    );
  });
}

Deno.test("pi: its camera gives its last picture, if it is of this moment", async () => {
  await using double = new PrusaLinkDouble({ variant: "pi" });
  const [camera] = await driverOf(double).cameras?.(io) ?? [];
  assert.ok(camera && "snapshot" in camera.source);
  const { snapshot } = camera.source;
  assert.equal(camera.name, "Bench camera");
  await assert.rejects(() => snapshot(io.signal), /has taken no picture yet/);
  double.photo = { bytes: png, ageSeconds: 12 };
  assert.deepEqual(await snapshot(io.signal), png);
  double.photo = { bytes: png, ageSeconds: 300 };
  await assert.rejects(() => snapshot(io.signal), /last picture is 300 s old/);
});

Deno.test("buddy: there is no camera", async () => {
  await using double = new PrusaLinkDouble({ variant: "buddy" });
  assert.deepEqual(await driverOf(double).cameras?.(io), []);
});

const addresses: Record<string, string | RegExp> = {
  "mk4.local": "http://mk4.local",
  "192.168.1.20:8080": "http://192.168.1.20:8080",
  "http://mk4.local/": "http://mk4.local",
  "https://example.org/mk4/": "https://example.org/mk4",
  "[fe80::1]": "http://[fe80::1]",
  "ftp://mk4.local": /http/,
  "http://maker:secret@mk4.local": /must hold no login/,
  "": /./,
  "a b": /must be a host/,
};

for (const [address, expected] of Object.entries(addresses)) {
  Deno.test(`the address "${address}" is ${typeof expected === "string" ? expected : "refused"}`, () => {
    const parsed = prusalink.settings.safeParse({ address, password: "x" });
    if (typeof expected === "string") {
      assert.equal((parsed.data as { address?: string } | undefined)?.address, expected);
    } else assert.match(parsed.error?.message ?? "", expected);
  });
}

Deno.test("the settings want a password or a key, and no unknown words", () => {
  const check = (more: object) => prusalink.settings.safeParse({ address: "mk4.local", ...more });
  assert.deepEqual(check({ password: "x" }).data, { address: "http://mk4.local", user: "maker", password: "x" });
  assert.ok(check({ apiKey: "x" }).success);
  assert.match(check({}).error?.message ?? "", /Settings > Network > PrusaLink/);
  assert.ok(!check({ password: "x", passwrod: "y" }).success);
});
