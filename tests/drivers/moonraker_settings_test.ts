/** Addresses as owners write them, and those of cameras as front ends do. */
import { equal, match, throws } from "node:assert/strict";
import { moonraker } from "../../src/drivers/moonraker/moonraker.ts";
import { snapshotAddress } from "../../src/drivers/moonraker/cameras.ts";

const addressOf = (settings: Record<string, unknown>) =>
  (moonraker.settings.parse(settings) as { address: string }).address;

const addresses = [
  ["voron.local", "http://voron.local:7125"],
  ["192.168.1.20", "http://192.168.1.20:7125"],
  ["192.168.1.20:7126", "http://192.168.1.20:7126"], // a second printer on the same Pi
  ["[fe80::1]", "http://[fe80::1]:7125"],
  ["http://k1.local:4408/", "http://k1.local:4408"], // through the web server beside it
  ["http://voron.local", "http://voron.local"],
  ["https://farm.example.org/printer2/", "https://farm.example.org/printer2"],
  ["farm.local/printer2", "http://farm.local/printer2"],
] as const;

for (const [written, meant] of addresses) {
  Deno.test(`the address ${written} means ${meant}`, () => equal(addressOf({ address: written }), meant));
}

const mistakes = [
  [{ address: "" }, /./],
  [{ address: "ftp://voron.local" }, /http/],
  [{ address: "http://me:secret-plum@voron.local" }, /no login/],
  [{ address: "voron.local", user: "me" }, /belong together/],
  [{ address: "voron.local", baud: 115200 }, /baud/],
] as const;

for (const [settings, says] of mistakes) {
  Deno.test(`settings that cannot be meant are refused: ${Object.entries(settings).join(" ")}`, () => {
    const { error } = moonraker.settings.safeParse(settings);
    match(error?.message ?? "", says);
    equal(/secret-plum/.test(error?.message ?? ""), false);
  });
}

Deno.test("a watch with bad settings cannot exist", () => throws(() => moonraker.bind({})));

const voron = "http://voron.local:7125";
const cameras = [
  [{ snapshot_url: "/webcam/?action=snapshot" }, voron, "http://voron.local/webcam/?action=snapshot"],
  [
    { snapshot_url: "/webcam/?action=snapshot" },
    "http://k1.local:4408",
    "http://k1.local:4408/webcam/?action=snapshot",
  ],
  [{ snapshot_url: "/webcam2/snapshot" }, "http://voron.local:7126", "http://voron.local/webcam2/snapshot"],
  [{ snapshot_url: "http://127.0.0.1:8080/?action=snapshot" }, voron, "http://voron.local:8080/?action=snapshot"],
  [{ snapshot_url: "http://localhost/shot.jpg" }, "http://127.0.0.1:7125", "http://127.0.0.1/shot.jpg"],
  [{ snapshot_url: "http://cam.local/shot.jpg" }, voron, "http://cam.local/shot.jpg"],
  [{ snapshot_url: "", stream_url: "/webcam/?action=stream" }, voron, "http://voron.local/webcam/?action=snapshot"],
  [{ stream_url: "/webcam/webrtc" }, voron, undefined],
  [{ snapshot_url: "rtsp://cam.local/1" }, voron, undefined],
  [{ snapshot_url: "http://[" }, voron, undefined],
] as const;

for (const [camera, address, expected] of cameras) {
  Deno.test(`a camera ${JSON.stringify(camera)} of ${address} is asked at ${expected ?? "nothing"}`, () => {
    equal(snapshotAddress(camera, address), expected);
  });
}
