/**
 * Which camera looks at a printer: the owner's, else the first one that the printer's host knows.
 */
import { type Clock, deadline } from "../clock.ts";
import type { PrinterSettings } from "../config/settings.ts";
import type { DriverIo } from "../drivers/driver.ts";
import { errorText, type Log } from "../log.ts";

export type AskedCamera = NonNullable<PrinterSettings["camera"]>;

export interface CameraDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly fetch: typeof fetch;
  readonly links: Pick<DriverIo, "openLink" | "openMessages">;
  readonly signal: AbortSignal;
}

/** How long a message waits for its pictures, unless the owner says otherwise. */
export const defaultDeadlineSeconds = 10;
/** Of it, the host may take so long to say which cameras it has. */
const maxListSeconds = 5;

/** Undefined: there is none, or its host does not say so in time. */
export async function cameraOf(
  { name, camera, driver }: PrinterSettings,
  { clock, log, fetch, links, signal }: CameraDeps,
): Promise<AskedCamera | undefined> {
  if (camera) return camera;
  if (!driver.cameras) return undefined;
  using limit = deadline(clock, maxListSeconds * 1000, signal);
  try {
    const [first] = await driver.cameras({ clock, log, fetch, ...links, signal: limit });
    return first && { ...first, deadlineSeconds: defaultDeadlineSeconds - maxListSeconds };
  } catch (error) {
    log.debug("Cannot ask for its cameras", { printer: name, error: errorText(error) });
    return undefined;
  }
}
