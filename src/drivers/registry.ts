/**
 * All drivers, in the order in which the settings page shows them. A new driver is one line in each half.
 */
import type { SealedDriver } from "./driver.ts";
import { marlin } from "./marlin/marlin.ts";
import { moonraker } from "./moonraker/moonraker.ts";
import { octoprint } from "./octoprint/octoprint.ts";
import { prusalink } from "./prusalink/prusalink.ts";
import { simulated } from "./simulated.ts";

export const drivers: readonly SealedDriver[] = [
  marlin,
  moonraker,
  octoprint,
  prusalink,
  simulated,
];
