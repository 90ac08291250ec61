/** What a supervised agent adds: it says that it is alive while its loops beat, and ends when an update asks it to. */
import { Hono } from "hono";
import type { Supervisor } from "../../bridge/notify_systemd.ts";
import type { WebEnv } from "../../web/visitor.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { AgentFacts } from "../update/replace.ts";

interface Watchdog {
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly log: Log;
  stuckLoops(): readonly string[];
}

/** Says `alive` twice per period while every loop beats; a stuck loop is answered by the supervisor with a restart. */
export async function feedWatchdog(watchdog: Watchdog, signal: AbortSignal): Promise<void> {
  const { supervisor, clock, log } = watchdog;
  const period = supervisor.watchdogMilliseconds;
  if (period === undefined) return;
  for (let said = ""; !signal.aborted;) {
    const stuck = watchdog.stuckLoops().join(", ");
    if (stuck === "") supervisor.tell({ kind: "alive" });
    else if (stuck !== said) log.error("Stuck; waiting to be started anew", { loops: stuck });
    said = stuck;
    await clock.sleep(period / 2, signal);
  }
}

/** The page's app with what only the socket's owner may ask: `POST /agent` and `POST /agent/stop`. */
export function controlApp(app: Hono<WebEnv>, facts: AgentFacts, stop: () => void): Hono<WebEnv> {
  return new Hono<WebEnv>()
    .post("/agent", (c) => c.json(facts))
    .post("/agent/stop", (c) => {
      stop();
      return c.json(facts);
    })
    .route("/", app);
}
