/** `filagram password`: sets the page's password. Only its scrypt hash is stored. */
import { hashPassword, writeSecret } from "../config/password.ts";
import { secretsPathOf } from "../config/settings_text.ts";
import type { AddCommand } from "./cli.ts";
import { settingsPath } from "./house.ts";
import { type CommonOptions, OwnerError } from "./pieces.ts";

const secretName = "page_password";
const leastCharacters = 8;

export const addPasswordCommand: AddCommand = (program, { terminal }) => {
  program.command("password").description("set the page's password (asked for, or read from standard input)")
    .addHelpText(
      "after",
      "\nExamples:\n  filagram password\n  echo 'correct horse battery' | filagram password --config /etc/filagram",
    )
    .action(async (_: unknown, command) => {
      const options: CommonOptions = command.optsWithGlobals();
      const path = await settingsPath(options);
      const password = await readPassword((text) => terminal.say(text));
      if (password.length < leastCharacters) {
        throw new OwnerError(`The password needs at least ${leastCharacters} characters`);
      }
      const secrets = secretsPathOf(path);
      await writeSecret(secrets, secretName, await hashPassword(password));
      terminal.say(
        `Its hash is in ${secrets} as ${secretName}. In ${path}:\n\nweb:\n  password: !secret ${secretName}`,
      );
    });
};

async function readPassword(say: (text: string) => void): Promise<string> {
  if (!Deno.stdin.isTerminal()) return (await new Response(Deno.stdin.readable).text()).split(/\r?\n/)[0] ?? "";
  say("New password for the page (not shown):");
  Deno.stdin.setRaw(true, { cbreak: true });
  try {
    return await readHiddenLine();
  } finally {
    Deno.stdin.setRaw(false);
  }
}

async function readHiddenLine(): Promise<string> {
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  while (await Deno.stdin.read(byte)) {
    const value = byte[0] ?? 0;
    if (value === 10 || value === 13) break;
    if (value === 127 || value === 8) bytes.pop();
    else bytes.push(value);
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
