/**
 * Structured log lines on stderr. Secrets are told to the log once and never come out of it again.
 */
export type LogLevel = "debug" | "info" | "warning" | "error";
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(text: string, fields?: LogFields): void;
  info(text: string, fields?: LogFields): void;
  warning(text: string, fields?: LogFields): void;
  error(text: string, fields?: LogFields): void;
  /** A log whose lines all carry these fields. */
  with(fields: LogFields): Log;
}

const rank: Record<LogLevel, number> = { debug: 0, info: 1, warning: 2, error: 3 };
const hidden = "•••";

/** What must never be shown. Filled when settings are read, asked by logs, pages and error texts. */
export class Secrets {
  #values: string[] = [];

  /** Values shorter than four characters are not hidden: they would blank out ordinary words. */
  add(...values: string[]): void {
    for (const value of values) {
      for (const form of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), btoaUtf8(value)]) {
        if (form.length >= 4 && !this.#values.includes(form)) this.#values.push(form);
      }
    }
    this.#values.sort((a, b) => b.length - a.length);
  }

  hide(text: string): string {
    let shown = text;
    for (const value of this.#values) shown = shown.replaceAll(value, hidden);
    return shown;
  }
}

function btoaUtf8(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text))).replace(/=+$/, "");
}

export interface LogOptions {
  level: LogLevel;
  secrets: Secrets;
  write(line: string): void;
}

/** Lines like `warning printer=MK3S Cannot open serial port …`; systemd's journal adds the time. */
export function createLog(options: LogOptions, fields: LogFields = {}): Log {
  const line = (level: LogLevel) => (text: string, more: LogFields = {}) => {
    if (rank[level] < rank[options.level]) return;
    const parts = Object.entries({ ...fields, ...more }).filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${shown(value)}`);
    options.write(options.secrets.hide([level, ...parts, oneLine(text)].join(" ")));
  };
  return {
    debug: line("debug"),
    info: line("info"),
    warning: line("warning"),
    error: line("error"),
    with: (more) => createLog(options, { ...fields, ...more }),
  };
}

function shown(value: unknown): string {
  const text = value instanceof Error
    ? errorText(value)
    : typeof value === "string"
    ? value
    : JSON.stringify(value) ?? "";
  return /^[\w.:/@+-]+$/.test(text) ? text : JSON.stringify(oneLine(text));
}

function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- a log line is one line, whatever a printer or server said
  return text.replace(/[\u0000-\u001f\u007f]+/g, " ");
}

/** The message of an error and of what caused it, in one line. */
export function errorText(error: unknown): string {
  const texts: string[] = [];
  for (let cause = error; cause !== undefined && texts.length < 4;) {
    const text = cause instanceof Error ? cause.message || cause.name : String(cause);
    if (!texts.some((known) => known.includes(text))) texts.push(text);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return texts.join(": ");
}
