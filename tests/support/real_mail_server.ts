/**
 * What tests want of a mail server that is not ours.
 */
export interface RealMailServer extends AsyncDisposable {
  readonly port: number;
  /** Ends it as its own init script would; sessions break off. */
  stop(): Promise<void>;
  /** On the same port, with the queue it had. */
  start(): Promise<void>;
  /** What it wrote into its log, for the report of a failure. */
  log(): Promise<string>;
}

/** The log once something stands in it: servers write it late. @throws Error after 60 s */
export async function logOnce(server: RealMailServer, says: RegExp): Promise<string> {
  for (let tries = 0; tries < 600; tries++) {
    const log = await server.log();
    if (log.search(says) >= 0) return log;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The server's log never says ${says}:\n${await server.log()}`);
}

export interface RealMailOptions {
  /** Where accepted mail is relayed to, on 127.0.0.1. */
  readonly sinkPort: number;
  readonly maxBytes?: number;
  /** Absent: nobody has to log in, and nothing is encrypted. */
  readonly login?: { readonly user: string; readonly password: string };
}

/** A port nobody uses, as far as can be known. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Waits until something greets there. @throws Error after 20 s */
export async function greets(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      const bytes = new Uint8Array(512);
      const count = await connection.read(bytes);
      if (count !== null) return;
    } catch { /* not yet */ }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Nothing greets on port ${port}`);
}
