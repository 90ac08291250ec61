/**
 * The settings of a mail channel, as written and as used.
 */
import { z } from "zod";
import { type MailAddress, parseAddress } from "./address.ts";
import { findProvider, type MailProvider, mailProviderIds } from "./providers.ts";

const address = (field: string) =>
  z.string().refine((text) => parseAddress(text) !== undefined, {
    error: `${field} must be a mail address, like me@example.org or Printers <me@example.org>`,
  });

const addresses = (field: string) => z.array(address(field), { error: `${field} must be a list: [me@example.org]` });

const text = (field: string, what: string) =>
  z.string({ error: `${field} must be ${what}` }).trim().min(1, { error: `${field} must be ${what}` });

const port = "port must be a whole number from 1 to 65535, usually 587 or 465";
const fingerprint = 'fingerprint256 must be a SHA-256 fingerprint in quotes, "AA:BB:…" with 32 pairs';

/** What stands under a channel of `type: email`; `type` and `name` belong to the settings file. */
export const emailSettings = z.strictObject({
  provider: z.enum(mailProviderIds, { error: `provider must be one of ${mailProviderIds.join(", ")}` })
    .optional().meta({ title: "Provider", description: "Sets host, port and tls" }),
  host: text("host", "the name of a mail server, like mail.example.org")
    .regex(/^[\p{L}\p{N}.:_-]+$/u, { error: "host must be only a name or address, without smtp:// and port" })
    .optional().meta({ title: "Mail server" }),
  port: z.int({ error: port }).min(1, { error: port }).max(65535, { error: port }).optional()
    .meta({ title: "Port", description: "Default: 587, with tls: implicit 465, with tls: none 25" }),
  tls: z.enum(["starttls", "implicit", "none"], {
    error: "tls must be starttls (usual on port 587), implicit (usual on port 465) or none (anybody can read along)",
  }).optional().meta({ title: "Encryption" }),
  user: text("user", "the name to log in with, usually the whole mail address").optional().meta({ title: "User" }),
  password: z.string({ error: "password must be text; put it into secrets.yaml and write !secret name here" })
    .min(1, { error: "password must not be empty" }).optional().meta({ title: "Password", secret: true }),
  from: address("from").optional().meta({ title: "From", description: "Default: the user" }),
  to: addresses("to").min(1, { error: "to must name at least one mail address" }).meta({ title: "To" }),
  cc: addresses("cc").default([]).meta({ title: "Cc" }),
  caFile: text("caFile", "the path of a PEM file with the server's CA").optional().meta({ title: "CA file" }),
  fingerprint256: z.string({ error: fingerprint }).regex(/^([\da-f]{2}:?){31}[\da-f]{2}$/i, { error: fingerprint })
    .optional().meta({ title: "Pinned certificate" }),
}).superRefine((written, context) => {
  const problem = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
  const provider = findProvider(written.provider, written.host);
  if (provider?.refusal) problem(written.provider ? "provider" : "host", provider.refusal);
  if (!written.provider && !written.host) problem("host", "name the provider or the host of the mail server");
  if (written.password !== undefined && written.user === undefined && provider?.user === undefined) {
    problem("user", "a password needs the user it belongs to");
  }
  if (written.user !== undefined && written.password === undefined) {
    problem("password", `user needs a password: ${provider?.passwordHint ?? "put it into secrets.yaml"}`);
  }
  if (written.from === undefined && !(written.user && parseAddress(written.user))) {
    problem("from", "from must be given, because user is no mail address");
  }
  if (written.tls === "none" && (written.caFile ?? written.fingerprint256) !== undefined) {
    problem("tls", "tls: none checks no certificate; leave out caFile and fingerprint256, or use starttls");
  }
});

export type EmailSettings = z.infer<typeof emailSettings>;

/** The settings with everything filled in that a provider or a default knows. */
export interface ResolvedEmail {
  readonly host: string;
  readonly port: number;
  readonly tls: "starttls" | "implicit" | "none";
  readonly login?: { readonly user: string; readonly password: string };
  readonly from: MailAddress;
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly caFile?: string;
  readonly fingerprint256?: string;
  readonly passwordHint?: string;
}

const usualPorts = { starttls: 587, implicit: 465, none: 25 };

export function resolveEmail(written: EmailSettings): ResolvedEmail {
  const provider = findProvider(written.provider, written.host);
  const preset = written.provider ? provider : undefined;
  const tls = written.tls ?? tlsOfPort(written.port) ?? preset?.tls ?? "starttls";
  const from = parseAddress(written.from ?? written.user ?? "");
  if (!from) throw new Error("A mail channel without a sender cannot exist");
  const login = loginOf(written, provider);
  const to = unique(written.to);
  const everybody = unique([...written.to, ...written.cc]);
  const pin = written.fingerprint256?.replaceAll(":", "").toUpperCase().replace(/(..)(?=.)/g, "$1:");
  return {
    host: written.host ?? preset?.host ?? "",
    port: written.port ?? (preset && tls === preset.tls ? preset.port : usualPorts[tls]),
    tls,
    ...(login ? { login } : {}),
    from,
    to: everybody.slice(0, to.length),
    cc: everybody.slice(to.length),
    ...(written.caFile ? { caFile: written.caFile } : {}),
    ...(pin ? { fingerprint256: pin } : {}),
    ...(provider ? { passwordHint: provider.passwordHint } : {}),
  };
}

/** 465 means TLS at once (RFC 8314); owners who write only the port mean that. */
function tlsOfPort(port: number | undefined): "implicit" | "starttls" | undefined {
  if (port === undefined) return undefined;
  return port === 465 || port === 2465 ? "implicit" : "starttls";
}

function loginOf(written: EmailSettings, provider: MailProvider | undefined): ResolvedEmail["login"] {
  const user = provider?.user ?? written.user;
  if (user === undefined || written.password === undefined) return undefined;
  return {
    user: provider?.isUserLocalPart ? user.replace(/@.*$/, "") : user,
    password: provider?.hasSpacedPasswords ? written.password.replace(/\s+/g, "") : written.password,
  };
}

function unique(texts: readonly string[]): MailAddress[] {
  const found = new Map<string, MailAddress>();
  for (const text of texts) {
    const parsed = parseAddress(text);
    if (parsed && !found.has(parsed.address.toLowerCase())) found.set(parsed.address.toLowerCase(), parsed);
  }
  return [...found.values()];
}
