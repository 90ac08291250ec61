/**
 * A key without typing: asked for here, allowed by its owner in OctoPrint (1.3.10 and later).
 * https://docs.octoprint.org/en/master/bundledplugins/appkeys.html
 */
import type { DriverIo, LoginStep } from "../driver.ts";
import { type HostSettings, OctoPrintHost, parseJson, pathHere } from "./host.ts";
import { keyRequestShape, keyShape } from "./shapes.ts";

const appName = "Filagram";
/** A request that is not asked after for 5 s is forgotten. */
const pollMilliseconds = 1000;

/** Asks for a key and waits for the owner's word. @throws LinkLostError where nobody answers */
export async function* logIn(settings: HostSettings, io: DriverIo): AsyncGenerator<LoginStep> {
  const host = new OctoPrintHost({ address: settings.address }); // a key of before may be the wrong one
  const probe = await host.ask("/plugin/appkeys/probe", io);
  if (probe.status !== 204) return yield refused(`${host.name} gives no keys: is its "Application Keys" plugin on?`);
  const asked = await host.ask("/plugin/appkeys/request", io, { method: "POST", body: { app: appName } });
  if (asked.status === 429) return yield refused(`${host.name} was asked too often: try again in an hour`);
  const request = keyRequestShape.safeParse(parseJson(asked.bytes)).data;
  if (asked.status !== 201 || !request) return yield refused(`${host.name} answered ${asked.status}`);
  const dialog = request.auth_dialog === undefined ? undefined : pathHere(host.address, request.auth_dialog);
  const url = host.address + (dialog ?? ""); // before 1.8 its page asks by itself
  yield { kind: "asked", what: `Open ${url} in a browser and allow ${appName}`, url };
  while (!io.signal.aborted) {
    const answer = await host.ask(`/plugin/appkeys/request/${encodeURIComponent(request.app_token)}`, io);
    if (answer.status === 404) return yield refused("It was refused, or not answered in time");
    const key = answer.status === 200 ? keyShape.safeParse(parseJson(answer.bytes)).data : undefined;
    if (key) return yield { kind: "granted", settings: { apiKey: key.api_key } };
    if (answer.status !== 202) return yield refused(`${host.name} answered ${answer.status}`);
    await io.clock.sleep(pollMilliseconds, io.signal);
  }
}

function refused(reason: string): LoginStep {
  return { kind: "refused", reason };
}
