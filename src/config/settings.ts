/**
 * The settings as the rest of the program sees them: parsed, complete, with drivers and channels bound.
 */
import type { BoundChannel } from "../channels/channel.ts";
import type { Camera } from "../domain/print_file.ts";
import type { Rule } from "../domain/rule.ts";
import type { BoundDriver } from "../drivers/driver.ts";

export interface Settings {
  /** Where they were read from. */
  readonly path: string;
  readonly agent: { readonly name: string; readonly timezone: string; readonly language: "en" };
  readonly web: {
    readonly hostname: string;
    readonly port: number;
    /** `scrypt:…`, as `filagram password` writes it. */
    readonly passwordHash?: string;
  };
  readonly printers: readonly PrinterSettings[];
  readonly channels: readonly ChannelSettings[];
  /** Never empty: without rules in the file, the default rule. */
  readonly rules: readonly Rule[];
}

export interface PrinterSettings {
  readonly name: string;
  readonly driver: BoundDriver;
  /** For people and logs, without secrets. */
  readonly address: string;
  readonly camera?: Camera & { readonly deadlineSeconds: number; readonly login?: CameraLogin };
  /** Where its print files lie on this machine. */
  readonly filesFolder?: string;
  readonly tellsDisplayText: boolean;
  /** Changes when anything of this printer changes: then its watch is started anew. */
  readonly fingerprint: string;
}

/** `password`: Basic or Digest, as the camera asks; `token`: Bearer. */
export type CameraLogin =
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  | { readonly kind: "token"; readonly token: string };

export interface ChannelSettings {
  readonly name: string;
  readonly channel: BoundChannel;
  readonly fingerprint: string;
}

export type LoadedSettings =
  | { readonly kind: "ok"; readonly settings: Settings }
  /** All that is wrong, not only the first; never empty. */
  | { readonly kind: "bad"; readonly problems: readonly SettingsProblem[] };

/** One mistake in a settings file and what is allowed instead. Never holds a secret. */
export interface SettingsProblem {
  /** The path of the file it stands in. */
  readonly file: string;
  /** Both from 1; absent where the file as a whole is meant. */
  readonly at?: { readonly line: number; readonly column: number };
  /** The place in words: `printer "MK3S", camera.deadline`; empty for the file as a whole. */
  readonly where: string;
  /** What is wrong and what to do, without a full stop. */
  readonly text: string;
}

/** A problem as the owner sees it: `filagram.yaml:7:15: printer "MK3S", camera.deadline: …`. */
export function problemLine({ file, at, where, text }: SettingsProblem): string {
  const place = at ? `${file}:${at.line}:${at.column}` : file;
  return [place, ...(where ? [where] : []), text].join(": ");
}
