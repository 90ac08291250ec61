/** No secret ever leaves the settings in a sentence about them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { load } from "./support.ts";

const planted = "Zq7vXk93PwLm2";

const fileWith = (value: string) =>
  `agent: { name: workshop, timezone: Europe/Berlin }
web: { listen: 127.0.0.1:8090, password: ${value} }
printers:
  - name: MK3S
    driver: tiny
    address: serial:/dev/ttyUSB0
    password: ${value}
    pinned: ${value}
    camera: { snapshot: "http://cam/", user: me, password: ${value}, rotate: 90 }
  - { name: cloud, driver: other, mode: cloud, region: eu, token: ${value} }
channels:
  - name: mail
    type: letter
    to: [me]
    password: ${value}
rules:
  - when: [progress]
    every: 10 %
    tell: [mail]
`;

function assertHidden(lines: readonly string[], secret = planted): void {
  for (const line of lines) {
    // Even half of it is too much.
    for (let start = 0; start + 6 <= secret.length; start++) {
      assert.ok(!line.includes(secret.slice(start, start + 6)), line);
    }
  }
}

/** Deletes, inserts or replaces single characters, but never inside the secret. */
const damages = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    deleted: fc.integer({ min: 0, max: 3 }),
    inserted: fc.oneof(
      fc.constantFrom("", ":", ": ", "\n", "- ", "[", "]", "{", "}", '"', "'", "*", "&", "!", "#", "\t", "  "),
      fc.string({ maxLength: 2 }),
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

function damage(text: string, wounds: readonly { at: number; deleted: number; inserted: string }[]): string {
  return wounds.reduce((damaged, { at, deleted, inserted }) => {
    const offset = Math.floor(at * damaged.length);
    const cut = damaged.slice(0, offset) + inserted + damaged.slice(offset + deleted);
    return cut.split(planted).length === damaged.split(planted).length ? cut : damaged;
  }, text);
}

Deno.test("museum: 23 a planted secret is in no sentence, however the files are damaged", async () => {
  let bad = 0;
  await fc.assert(
    fc.asyncProperty(damages, damages, fc.boolean(), fc.boolean(), async (first, second, isTagged, isOpen) => {
      const { result, lines } = await load({
        yaml: damage(fileWith(isTagged ? "!secret it" : planted), first),
        // Without the file nobody knows the secret but from the place where it stands.
        secrets: isTagged ? damage(`other: ${planted}\nit: ${planted}\n`, second) : "other: thing\n",
        mode: isOpen ? 0o644 : 0o600,
      });
      if (result.kind === "bad") bad++;
      assertHidden(lines);
      assertHidden([JSON.stringify(result.kind === "bad" ? result.problems : [])]);
    }),
    { numRuns: 300 },
  );
  assert.ok(bad > 200, `only ${bad} files were bad`);
});

const awkward = [
  "*Zq7vXk93Pw",
  "&Zq7vXk93Pw",
  "!Zq7vXk93Pw",
  "@Zq7vXk93Pw",
  "%Zq7vXk93Pw",
  "`Zq7vXk93Pw",
  "Zq7v: Xk93PwLm",
  '"Zq7vXk93Pw',
  "[Zq7vXk93Pw",
  "{Zq7vXk93Pw: 1}",
  "|Zq7vXk93Pw",
  "- Zq7vXk93Pw",
  "? Zq7vXk93Pw",
  "!secret Zq7vXk93Pw",
];
for (const value of awkward) {
  Deno.test(`museum: 23 a password that YAML stumbles over is not repeated: ${value.slice(0, 3)}…`, async () => {
    const yaml = fileWith("!secret it").replace("    password: !secret it", `    password: ${value}`);
    const { result, lines } = await load({ yaml, secrets: `it: ${planted}\n` });
    assert.equal(result.kind, "bad");
    assertHidden(lines, "Zq7vXk93PwLm2");
    const inSecrets = await load({ yaml: fileWith("!secret it"), secrets: `it: ${value}\n` });
    assertHidden(inSecrets.lines, "Zq7vXk93PwLm2");
  });
}

const leaks: Readonly<Record<string, string>> = {
  "a channel that repeats what it was given": "channels: [{ name: p, type: pigeon, via: p, ring: Zq7vXk93PwLm2! }]",
  "a forgotten colon": "web: { listen: 127.0.0.1:80, password Zq7vXk93PwLm2 }",
  "a value with a space for a key": "web:\n  password Zq7vXk93PwLm2:\n    - x",
  "a group below a secret": "channels: [{ name: m, type: letter, to: [me], password: { Zq7vXk93PwLm2 } }]",
};
for (const [what, yaml] of Object.entries(leaks)) {
  Deno.test(`museum: 23 ${what} does not give a secret away`, async () => {
    const { result, lines } = await load({ yaml });
    assert.equal(result.kind, "bad");
    assertHidden(lines);
  });
}

Deno.test("museum: 23 every secret is known to the log once the settings are read, even of bad settings", async () => {
  const { result, secrets } = await load({
    yaml: `printers:
  - { name: a, driver: tiny, address: "http://me:inAddress1@host/?apikey=inQuery22", pinned: byMeta333 }
  - { name: b, driver: unheard, accessCode: byName444 }
  - { name: c, driver: tiny, address: tcp://c, camera: { snapshot: "http://u:inCamera55@cam", token: byToken66 } }
channels:
  - { name: mail, type: letter, to: [me], password: 77777777 }
`,
    secrets: "unused: inSecrets88\n",
  });
  assert.equal(result.kind, "bad");
  const values = [
    "inAddress1",
    "inQuery22",
    "byMeta333",
    "byName444",
    "inCamera55",
    "byToken66",
    "77777777",
    "inSecrets88",
  ];
  for (const value of values) assert.equal(secrets.hide(`<${value}>`), "<•••>", value);
});
