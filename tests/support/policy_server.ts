/**
 * A policy server as Postfix asks them (https://www.postfix.org/SMTPD_POLICY_README.html): lines of name=value and an
 * empty one; the answer is `action=…` and an empty line.
 */
export interface PolicyServer extends AsyncDisposable {
  readonly port: number;
  /** What was asked so far. */
  readonly questions: readonly ReadonlyMap<string, string>[];
}

/** `decide` gives the action: `DUNNO`, `450 4.2.0 later`. */
export function startPolicyServer(
  decide: (question: ReadonlyMap<string, string>, number: number) => string | Promise<string>,
): PolicyServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const questions: ReadonlyMap<string, string>[] = [];
  const open = new Set<Deno.Conn>();
  const running: Promise<void>[] = [];

  const serve = async (connection: Deno.Conn) => {
    const decoder = new TextDecoder();
    const bytes = new Uint8Array(16 * 1024);
    let text = "";
    for (;;) {
      const count = await connection.read(bytes);
      if (count === null) return;
      text += decoder.decode(bytes.subarray(0, count), { stream: true });
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const pairs = text.slice(0, end).split("\n").map((line): [string, string] => {
          const at = line.indexOf("=");
          return [line.slice(0, at), line.slice(at + 1)];
        });
        text = text.slice(end + 2);
        const question = new Map(pairs);
        questions.push(question);
        const action = await decide(question, questions.length);
        await connection.write(new TextEncoder().encode(`action=${action}\n\n`));
      }
    }
  };
  const accepting = (async () => {
    for await (const connection of listener) {
      open.add(connection);
      running.push(serve(connection).catch(() => {}));
    }
  })();

  return {
    port: listener.addr.port,
    questions,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) connection.close();
      await accepting.catch(() => {});
      await Promise.all(running);
    },
  };
}
