/**
 * A simulated printer behind a serial bridge on TCP: one host at a time, as ser2net and ESP3D have it.
 */
import { type MarlinOptions, MarlinSimulator } from "./marlin_simulator.ts";

export interface PrinterOnTcp extends AsyncDisposable {
  readonly printer: MarlinSimulator;
  readonly port: number;
}

/** Listens on 127.0.0.1; a new host takes the place of the one before. */
export function simulatePrinterOnTcp({ port = 0, ...options }: MarlinOptions & { port?: number }): PrinterOnTcp {
  const printer = new MarlinSimulator(options);
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  let present: Deno.TcpConn | undefined;

  function hangUp(): void {
    printer.detach();
    try {
      present?.close();
    } catch {
      // The host hung up first.
    }
    present = undefined;
  }

  const serving = (async () => {
    for await (const connection of listener) {
      hangUp();
      present = connection;
      printer.attach(connection);
    }
  })();

  return {
    printer,
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
      hangUp();
      await printer[Symbol.asyncDispose]();
    },
  };
}
