/**
 * Where the app listens: an address for browsers, a socket in the state folder for the other commands.
 */
import type { Hono } from "hono";
import type { Visitor, WebEnv } from "./visitor.ts";

export interface Listening extends AsyncDisposable {
  readonly url: string;
}

/** Serves the page. Port 0 takes any free one. @throws Deno.errors.AddrInUse, Deno.errors.AddrNotAvailable */
export function serveWeb(app: Hono<WebEnv>, { hostname, port }: { hostname: string; port: number }): Listening {
  const ending = new AbortController();
  const server = Deno.serve({ hostname, port, signal: ending.signal, onListen() {} }, (request, { remoteAddr }) => {
    const visitor: Visitor = {
      ending: ending.signal,
      address: remoteAddr.transport === "tcp" ? remoteAddr.hostname : "unknown",
    };
    return app.fetch(request, visitor);
  });
  return { url: urlOf({ hostname, port: server.addr.port }), [Symbol.asyncDispose]: () => stop(server, ending) };
}

/** Serves the same app to whoever can open the socket: its owner. Only one agent runs on a state, so an old socket is dead. */
export function serveControl(app: Hono<WebEnv>, socketPath: string): AsyncDisposable {
  removeIfThere(socketPath);
  const ending = new AbortController();
  const server = Deno.serve({ path: socketPath, signal: ending.signal, onListen() {} }, (request) => {
    const visitor: Visitor = { isOwner: true, ending: ending.signal };
    return app.fetch(request, visitor);
  });
  Deno.chmodSync(socketPath, 0o600); // until here the folder's mode, 0700, keeps others out
  return {
    async [Symbol.asyncDispose]() {
      await stop(server, ending);
      removeIfThere(socketPath);
    },
  };
}

/** Cuts off at once: a browser asleep with an open page would otherwise keep the agent from stopping. */
async function stop(server: Deno.HttpServer, ending: AbortController): Promise<void> {
  ending.abort();
  await server.finished;
}

function urlOf({ hostname, port }: { hostname: string; port: number }): string {
  const name = hostname === "0.0.0.0" || hostname === "::" ? "localhost" : hostname;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}/`;
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
