/** Every mistake, where it is and what is allowed: tables of files and the exact lines their owners read. */
import assert from "node:assert/strict";
import { maxFileBytes } from "../../src/config/settings_text.ts";
import { load, type Written } from "./support.ts";

const printer = `printers:
  - { name: MK3S, driver: tiny, address: "serial:/dev/ttyUSB0" }
`;
const channel = `channels:
  - { name: mail, type: letter, to: [me] }
`;
const base = printer + channel; // four lines

interface Row extends Written {
  readonly what: string;
  readonly says: readonly string[];
}

const syntax: readonly Row[] = [
  { what: "an empty file", yaml: "", says: ["filagram.yaml:1:1: is empty: it needs at least printers and channels"] },
  {
    what: "only comments",
    yaml: "# soon\n",
    says: ["filagram.yaml:1:1: is empty: it needs at least printers and channels"],
  },
  { what: "a list as the whole", yaml: "- a\n", says: ["filagram.yaml:1:1: must hold keys, like printers:"] },
  {
    what: "a tab",
    yaml: "printers:\n\t- name: a\n",
    says: ["filagram.yaml:2:1: a tab stands where spaces belong: indent with spaces"],
  },
  {
    what: "a quote that is not closed",
    yaml: `agent: { name: "work }\n`,
    says: [
      "filagram.yaml:2:1: a closing quote, bracket, comma, colon or - is missing, or this line is not indented like its neighbours",
    ],
  },
  {
    what: "a value that starts with @",
    yaml: base + "agent: { name: @home }\n",
    says: ["filagram.yaml:5:16: a value that starts with @, ` or % must stand in quotes"],
  },
  {
    what: "a value that starts with *",
    yaml: base + "agent:\n  name: *home\n",
    says: ["filagram.yaml:6:9: agent.name: a value that starts with * must stand in quotes"],
  },
  {
    what: "a value that starts with !",
    yaml: base + "agent:\n  name: !home alone\n",
    says: ["filagram.yaml:6:9: the only tag is !secret: a value that starts with ! must stand in quotes"],
  },
  {
    what: "a key twice, and something else wrong",
    yaml: base + "agent: { name: a, name: b, langage: en }\n",
    says: [
      "filagram.yaml:5:19: agent.name: this key stands here twice: keep one of them",
      'filagram.yaml:5:28: agent: unknown key "langage": did you mean "language"?',
    ],
  },
  {
    what: "Latin-1",
    yaml: Uint8Array.of(0x61, 0x3a, 0x20, 0xe4),
    says: ["filagram.yaml: is no UTF-8 text: save it as UTF-8"],
  },
  {
    what: "a file that is too large",
    yaml: "#".repeat(maxFileBytes + 1),
    says: ["filagram.yaml: is larger than 256 KiB"],
  },
  {
    what: "aliases that multiply",
    yaml: "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n" +
      "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d]\n",
    says: ["filagram.yaml: holds more than any settings need: it is too large or too deep"],
  },
];

const wholeFile: readonly Row[] = [
  {
    what: "nothing set up",
    yaml: "agent: {}\n",
    says: [
      "filagram.yaml:1:1: printers: is missing: list at least one, starting with - name:",
      "filagram.yaml:1:1: channels: is missing: list at least one, starting with - name:",
    ],
  },
  {
    what: "a misspelled section",
    yaml: channel + printer.replace("printers", "printer"),
    says: [
      "filagram.yaml:1:1: printers: is missing: list at least one, starting with - name:",
      'filagram.yaml:3:1: unknown key "printer": did you mean "printers"?',
    ],
  },
  {
    what: "keys that are planned",
    yaml: base + "texts: {}\nfilament: { price: 25 EUR/kg }\n",
    says: [
      'filagram.yaml:5:1: "texts" is planned, not built yet: remove it',
      'filagram.yaml:6:1: "filament" is planned, not built yet: remove it',
    ],
  },
  {
    what: "a time zone and a language that are none",
    yaml: base + "agent: { timezone: Europe/Berln, language: de }\n",
    says: [
      'filagram.yaml:5:20: agent.timezone: is no time zone: did you mean "Europe/Berlin"?',
      'filagram.yaml:5:44: agent.language: "de" is not allowed: use en',
    ],
  },
  {
    what: "sections of the wrong kind",
    yaml: "agent: workshop\nprinters: MK3S\nchannels:\n  - mail\nrules: all\n",
    says: [
      "filagram.yaml:1:8: agent: must be a group of keys, each with a value, indented below it",
      "filagram.yaml:2:11: printers: must be a list: each entry starts with - name:",
      "filagram.yaml:4:5: channel 1: must hold keys, like name:",
      "filagram.yaml:5:8: rules: must be a list: each rule starts with - when:",
    ],
  },
];

const web: readonly Row[] = [
  {
    what: "a port alone",
    yaml: base + "web: { listen: 8090 }\n",
    says: ["filagram.yaml:5:16: web.listen: must be host:port, like 127.0.0.1:8090 or 0.0.0.0:8090"],
  },
  {
    what: "open to the network without a password",
    yaml: base + "web: { listen: 0.0.0.0:8090 }\n",
    says: [
      "filagram.yaml:5:16: web.listen: the page would be open to the network: set a password with `filagram password`, " +
      "or listen on 127.0.0.1",
    ],
  },
  {
    what: "a password that is no hash",
    yaml: base + "web: { password: !secret page }\n",
    secrets: "page: open sesame\n",
    says: ["filagram.yaml:5:26: web.password: must be a hash, not the password itself: run `filagram password`"],
  },
];

const printers: readonly Row[] = [
  {
    what: "what every printer needs",
    yaml: channel + "printers:\n  - driver: tiny\n    adress: serial:/dev/ttyUSB0\n",
    says: [
      "filagram.yaml:4:5: printer 1, name: is missing (Unique; shown in every message)",
      "filagram.yaml:4:5: printer 1, address: is missing (like serial:/dev/ttyUSB0)",
      'filagram.yaml:5:5: printer 1: unknown key "adress": did you mean "address"?',
    ],
  },
  {
    what: "drivers that are misspelled, unheard of",
    yaml: channel +
      "printers:\n  - { name: a, driver: tny }\n  - { name: c, driver: teapot }\n",
    says: [
      'filagram.yaml:4:24: printer "a", driver: unknown driver "tny": did you mean "tiny"?',
      'filagram.yaml:5:24: printer "c", driver: unknown driver "teapot": known are tiny, other',
    ],
  },
  {
    what: "two of one name, and values the driver refuses",
    yaml: base.replace(
      "channels:",
      "  - { name: MK3S, driver: tiny, address: ttyUSB0, speed: 11, passive: no }\nchannels:",
    ),
    says: [
      'filagram.yaml:3:13: printer "MK3S", name: this name is taken by another one above: names must differ',
      'filagram.yaml:3:42: printer "MK3S", address: must start with serial: or tcp:',
      'filagram.yaml:3:58: printer "MK3S", speed: must be at most 10',
      'filagram.yaml:3:71: printer "MK3S", passive: must be true or false',
    ],
  },
  {
    what: "an alternative of a driver that is not strict",
    yaml: channel +
      "printers:\n  - name: o\n    driver: other\n    mode: cloud\n    region: cn\n    hots: x\n    files: y\n",
    says: [
      'filagram.yaml:4:5: printer "o", token: is missing',
      'filagram.yaml:7:13: printer "o", region: "cn" is not allowed: use eu or us',
      'filagram.yaml:8:5: printer "o": unknown key "hots": known are name, driver, displayText, files, camera, mode, token, region',
      'filagram.yaml:9:12: printer "o", files: must be a folder on this machine, from the root on, like /home/pi/gcodes',
    ],
  },
  {
    what: "an alternative that does not exist",
    yaml: channel + "printers:\n  - { name: o, driver: other, mode: clod }\n",
    says: ['filagram.yaml:4:37: printer "o", mode: "clod" is not allowed: use cloud or local'],
  },
  {
    what: "keys without a value",
    yaml: channel + "printers:\n  - name: a\n    driver: tiny\n    address:\n    camera:\n",
    says: [
      'filagram.yaml:6:5: printer "a", address: is empty: fill it in, or remove the line',
      'filagram.yaml:7:5: printer "a", camera: is empty: fill it in, or remove the line',
    ],
  },
  {
    what: "a camera with everything wrong",
    yaml: base.replace(
      "channels:",
      `    # below
  - name: b
    driver: tiny
    address: tcp://b
    camera:
      snapshot: ftp://cam
      rotate: 45
      flip: horizontal
      deadline: 10
      zoom: 2
channels:`,
    ),
    says: [
      'filagram.yaml:8:17: printer "b", camera.snapshot: must be an address like http://127.0.0.1:8080/?action=snapshot',
      'filagram.yaml:9:15: printer "b", camera.rotate: must be 0, 90, 180 or 270 (degrees, clockwise)',
      'filagram.yaml:10:13: printer "b", camera.flip: must be a list: [horizontal], [vertical] or both',
      'filagram.yaml:11:17: printer "b", camera.deadline: needs a unit: 10 s or 10 min?',
      'filagram.yaml:12:7: printer "b", camera: unknown key "zoom": known are snapshot, user, password, token, flip, ' +
      "rotate, deadline",
    ],
  },
  {
    what: "half a camera login",
    yaml: channel + `printers:
  - { name: a, driver: tiny, address: tcp://a, camera: { snapshot: http://a, user: me } }
  - { name: b, driver: tiny, address: tcp://b, camera: { snapshot: http://b, token: t0k3n, user: me, password: tulips } }
`,
    says: [
      'filagram.yaml:4:84: printer "a", camera.user: a user needs a password beside it',
      'filagram.yaml:5:85: printer "b", camera.token: a token stands for user and password: use one or the other',
    ],
  },
];

const channels: readonly Row[] = [
  {
    what: "values the channel refuses, keys that are planned",
    yaml: printer + `channels:
  - name: mail
    type: letter
    to: []
    tls: smtp
    host: { a: 1 }
    limit: 20 per hour
  - { name: phone, type: ntfy }
`,
    says: [
      'filagram.yaml:6:9: channel "mail", to: needs at least 1 entry',
      'filagram.yaml:7:10: channel "mail", tls: "smtp" is not allowed: use starttls, implicit or none',
      'filagram.yaml:8:11: channel "mail", host: must be text or a list, like [a, b]',
      'filagram.yaml:9:5: channel "mail": "limit" is planned, not built yet: remove it',
      'filagram.yaml:10:26: channel "phone", type: "ntfy" is planned, not built yet: use letter, pigeon',
    ],
  },
];

const carriers: readonly Row[] = [
  {
    what: "carriers that are unknown or carried themselves",
    yaml: base + `  - { name: a, type: pigeon, via: mial }
  - { name: b, type: pigeon, via: b }
  - { name: c, type: pigeon, via: a }
  - { name: d, type: pigeon, via: mail }
  - { name: e, type: pigeon }
`,
    says: [
      'filagram.yaml:5:35: channel "a", via: unknown channel "mial": did you mean "mail"?',
      'filagram.yaml:6:35: channel "b", via: "b" does not carry others: name a channel that sends by itself',
      'filagram.yaml:7:35: channel "c", via: "a" does not carry others: name a channel that sends by itself',
      'filagram.yaml:9:5: channel "e", via: is missing',
    ],
  },
];

const rules: readonly Row[] = [
  {
    what: "words and names that are unknown",
    yaml: base +
      "rules:\n  - when: [starte, first_layer, x]\n    printers: [MK3]\n    tell: [Mail, phone]\n    picture: film\n",
    says: [
      'filagram.yaml:6:12: rule 1, when entry 1: "starte" is no event: did you mean "started"?',
      'filagram.yaml:6:20: rule 1, when entry 2: "first_layer" is planned, not built yet: remove it',
      'filagram.yaml:6:33: rule 1, when entry 3: "x" is no event: use uploaded, started, progress, paused, resumed, ' +
      "finished, cancelled, failed, ended, error, online, offline, message, needs_you or test",
      'filagram.yaml:7:16: rule 1, printers entry 1: unknown printer "MK3": did you mean "MK3S"?',
      'filagram.yaml:8:12: rule 1, tell entry 1: unknown channel "Mail": did you mean "mail"?',
      'filagram.yaml:8:18: rule 1, tell entry 2: unknown channel "phone": there is only "mail"',
      'filagram.yaml:9:14: rule 1, picture: "film" is no choice of picture: use auto, camera, thumbnail, both, ' +
      "progress, animation or none",
    ],
  },
  {
    what: "progress without its step, a step without progress",
    yaml: base +
      "rules:\n  - { name: p, when: [progress] }\n  - { name: q, when: [started], every: 10 %, gap: 5 min, longerThan: 1 h }\n",
    says: [
      'filagram.yaml:6:22: rule "p", when: progress needs `every` beside it, like every: 10 % or every: 30 min',
      'filagram.yaml:7:40: rule "q", every: belongs to progress: add progress to `when`, or remove `every`',
      'filagram.yaml:7:51: rule "q", gap: belongs to progress: add progress to `when`, or remove `gap`',
      'filagram.yaml:7:70: rule "q", longerThan: belongs to progress: add progress to `when`, or remove `longerThan`',
    ],
  },
  {
    what: "numbers without a unit",
    yaml: base + "rules:\n  - when: [progress]\n    every: 10\n    gap: 5\n    longerThan: '20'\n",
    says: [
      "filagram.yaml:7:12: rule 1, every: needs a unit: 10 % or 10 min?",
      "filagram.yaml:8:10: rule 1, gap: needs a unit: 5 s or 5 min?",
      "filagram.yaml:9:17: rule 1, longerThan: needs a unit: 20 s or 20 min?",
    ],
  },
  {
    what: "keys that are planned, a name twice, no list",
    yaml: base + `rules:
  - name: n
    when: [needs_you]
    repeat: 15 min
    quiet: { from: "22:00" }
    text: night
  - { name: n, when: [failed] }
  - when: failed
`,
    says: [
      'filagram.yaml:8:5: rule "n": "repeat" is planned, not built yet: remove it',
      'filagram.yaml:9:5: rule "n": "quiet" is planned, not built yet: remove it',
      'filagram.yaml:10:5: rule "n": "text" is planned, not built yet: remove it',
      "filagram.yaml:12:11: rule 3, when: must be a list of events, like [started, failed]",
    ],
  },
  {
    what: "a name twice",
    yaml: base + "rules:\n  - { name: n, when: [needs_you] }\n  - { name: n, when: [failed] }\n",
    says: ['filagram.yaml:7:13: rule "n", name: this name is taken by another rule above: names must differ'],
  },
];

const secrets: readonly Row[] = [
  {
    what: "a name that secrets.yaml has not",
    yaml: printer + "channels:\n  - { name: mail, type: letter, to: [me], password: !secret mial }\n",
    secrets: "mail: hunter2hunter2\n",
    says: ['filagram.yaml:4:61: channel "mail", password: this secret is not in secrets.yaml: did you mean "mail"?'],
  },
  {
    what: "no secrets.yaml",
    yaml: printer + "channels:\n  - { name: mail, type: letter, to: [me], password: !secret mial }\n",
    says: [
      'filagram.yaml:4:61: channel "mail", password: names a secret, but there is no secrets.yaml beside this file',
    ],
  },
  {
    what: "a secrets.yaml that the group can read",
    yaml: printer + "channels:\n  - { name: mail, type: letter, to: [me], password: !secret mail }\n",
    secrets: "mail: hunter2hunter2\n",
    secretsMode: 0o640,
    says: ["secrets.yaml: can be read by others on this machine: run chmod 600 secrets.yaml"],
  },
  {
    what: "lines of secrets.yaml that are none",
    yaml: base,
    secrets: "a: [x]\nb:\nc: fine\n",
    says: [
      "secrets.yaml:1:1: each line must be a name, a colon, a space and the secret, like gmail_password: abcd efgh",
      "secrets.yaml:2:1: is empty",
    ],
  },
  {
    what: "a secrets.yaml without colons",
    yaml: base,
    secrets: "mail hunter2hunter2\n",
    says: [
      "secrets.yaml:1:1: each line must be a name, a colon, a space and the secret, like gmail_password: abcd efgh",
    ],
  },
  {
    what: "a password in a file that others can read",
    yaml: printer + "channels:\n  - { name: mail, type: letter, to: [me], password: hunter2hunter2 }\n",
    mode: 0o644,
    says: [
      'filagram.yaml:4:53: channel "mail", password: stands here in plain text and others on this machine can read it: ' +
      "move it to secrets.yaml and write !secret NAME here, or run chmod 600 filagram.yaml",
    ],
  },
  {
    what: "a password inside an address in a file that others can read",
    yaml: channel + "printers:\n  - { name: a, driver: tiny, address: 'http://me:hunter2hunter2@host' }\n",
    mode: 0o604,
    says: [
      'filagram.yaml:4:39: printer "a", address: stands here in plain text and others on this machine can read it: ' +
      "move it to secrets.yaml and write !secret NAME here, or run chmod 600 filagram.yaml",
    ],
  },
];

for (const [part, rows] of Object.entries({ syntax, wholeFile, web, printers, channels, carriers, rules, secrets })) {
  for (const { what, says, ...written } of rows) {
    Deno.test(`loadSettings() says what is wrong (${part}): ${what}`, async () => {
      const { lines } = await load(written);
      assert.deepEqual(lines, says);
    });
  }
}

const bombs: Readonly<Record<string, string>> = {
  brackets: "[".repeat(maxFileBytes),
  dashes: "- ".repeat(maxFileBytes / 2),
  "question marks": "? ".repeat(maxFileBytes / 2),
  quotes: '"'.repeat(maxFileBytes),
  keys: Array.from({ length: maxFileBytes / 10 }, (_, index) => `k${index}: 1`).join("\n"),
  "one key": "k: 1\n".repeat(maxFileBytes / 5),
  aliases: "k: *a\n".repeat(maxFileBytes / 6),
  "anchors and aliases": "k: &a 1\n" + "l: *a\n".repeat(maxFileBytes / 6 - 2),
};

for (const [what, yaml] of Object.entries(bombs)) {
  Deno.test(`loadSettings() refuses a file full of ${what} in time`, async () => {
    const start = performance.now();
    const { result } = await load({ yaml });
    const seconds = (performance.now() - start) / 1000;
    assert.equal(result.kind, "bad");
    assert.ok(seconds < 20, `it took ${seconds} s`); // far above what was measured: 1 s at most
  });
}
