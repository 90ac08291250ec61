/** A systemd that only listens: a datagram socket of its own, real as the kernel's, held by a small Python. */
export interface NotifySocket extends AsyncDisposable {
  /** What `$NOTIFY_SOCKET` says. */
  readonly address: string;
  /** Every line heard so far. */
  readonly lines: readonly string[];
}

const listener = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace("@", "\\0", 1))
print("bound", flush=True)
while True: print(s.recv(4096).decode(), end="", flush=True)
`;

export async function listenAsSystemd(address: string): Promise<NotifySocket> {
  const child = new Deno.Command("python3", { args: ["-c", listener, address], stdout: "piped", stdin: "null" })
    .spawn();
  const lines: string[] = [];
  const bound = Promise.withResolvers<void>();
  const reading = (async () => {
    let rest = "";
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
      const all = (rest + part).split("\n");
      rest = all.pop() ?? "";
      lines.push(...all.filter((line) => line !== "bound"));
      bound.resolve();
    }
    bound.reject(new Error(`Nobody could listen at "${address}"`));
  })();
  await bound.promise;
  return {
    address,
    lines,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await reading;
    },
  };
}
