/**
 * A mail server that does what no server should: hangs, hangs up, offers less than it has, answers what it likes.
 */
export type Verb = "CONNECT" | "EHLO" | "STARTTLS" | "AUTH" | "MAIL" | "RCPT" | "DATA" | "." | "RSET" | "QUIT";

/** A reply, and what comes after it instead of going on. */
export type Answer = string | { readonly say?: string; readonly then: "hangUp" | "silence" };

export interface BadSmtpOptions {
  /** What EHLO offers. */
  readonly extensions?: readonly string[];
  /** The answer to a command, `.` being the end of a mail; undefined: what a good server says. */
  answer?(verb: Verb, line: string, connection: number): Answer | undefined;
  readonly port?: number;
}

export interface BadSmtpServer extends AsyncDisposable {
  readonly port: number;
  readonly connections: number;
  /** Every command line of every connection. */
  readonly lines: readonly string[];
  /** Every mail that came whole, as it was sent, dots undone. */
  readonly mails: readonly string[];
  /** Hangs up on whoever is connected. */
  hangUp(): void;
}

const usual: Record<Verb, string> = {
  CONNECT: "220 bad.example ESMTP",
  EHLO: "",
  STARTTLS: "454 4.7.0 TLS not available",
  AUTH: "235 2.7.0 welcome",
  MAIL: "250 2.1.0 ok",
  RCPT: "250 2.1.5 ok",
  DATA: "354 go on",
  ".": "250 2.0.0 accepted as 17",
  RSET: "250 2.0.0 ok",
  QUIT: "221 2.0.0 bye",
};

export function startBadSmtpServer(options: BadSmtpOptions = {}): BadSmtpServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: options.port ?? 0 });
  const lines: string[] = [];
  const mails: string[] = [];
  const open = new Set<Deno.Conn>();
  const running: Promise<void>[] = [];
  let connections = 0;

  const serve = async (connection: Deno.Conn, number: number) => {
    const answer = async (verb: Verb, line: string): Promise<boolean> => {
      const chosen = options.answer?.(verb, line, number) ??
        (verb === "EHLO" ? ehlo(options.extensions ?? []) : usual[verb]);
      const say = typeof chosen === "string" ? chosen : chosen.say;
      if (say !== undefined) await connection.write(new TextEncoder().encode(`${say}\r\n`));
      if (typeof chosen === "string") return verb !== "QUIT";
      if (chosen.then === "silence") await drain(connection);
      return false;
    };
    try {
      if (!await answer("CONNECT", "")) return;
      const received = linesOf(connection);
      for (;;) {
        const { done, value: line } = await received.next();
        if (done) return;
        lines.push(line);
        const verb = line.slice(0, 8).toUpperCase() === "STARTTLS" ? "STARTTLS" : line.slice(0, 4).toUpperCase();
        if (!await answer(verb in usual ? verb as Verb : "EHLO", line)) return;
        if (verb !== "DATA") continue;
        const body: string[] = [];
        for (;;) {
          const { done, value } = await received.next();
          if (done) return;
          if (value === ".") break;
          body.push(value.replace(/^\./, ""));
        }
        mails.push(body.join("\r\n"));
        if (!await answer(".", "")) return;
      }
    } finally {
      open.delete(connection);
      try {
        connection.close();
      } catch { /* already closed */ }
    }
  };

  const accepting = (async () => {
    for await (const connection of listener) {
      open.add(connection);
      running.push(serve(connection, ++connections).catch(() => {}));
    }
  })();

  return {
    port: listener.addr.port,
    get connections() {
      return connections;
    },
    lines,
    mails,
    hangUp() {
      for (const connection of open) connection.close();
      open.clear();
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      this.hangUp();
      await accepting.catch(() => {});
      await Promise.all(running);
    },
  };
}

function ehlo(extensions: readonly string[]): string {
  return ["bad.example", ...extensions].map((line, index, all) => `250${index === all.length - 1 ? " " : "-"}${line}`)
    .join("\r\n");
}

/** Lines by hand, and without a lock on the connection: it must stay closable from outside. */
async function* linesOf(connection: Deno.Conn): AsyncGenerator<string, void, void> {
  const buffer = new Uint8Array(64 * 1024);
  const decoder = new TextDecoder("latin1");
  let text = "";
  for (;;) {
    const end = text.indexOf("\r\n");
    if (end >= 0) {
      yield text.slice(0, end);
      text = text.slice(end + 2);
      continue;
    }
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) return;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}

async function drain(connection: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  while (await connection.read(buffer).catch(() => null) !== null);
}
