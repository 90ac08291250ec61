/** The concrete pieces the program is made of, chosen in mod.ts and handed to every command. */
import type { SealedChannel } from "../channels/channel.ts";
import type { DriverIo, SealedDriver } from "../drivers/driver.ts";
import type { Terminal } from "./terminal.ts";

export interface Pieces {
  readonly version: string;
  readonly drivers: readonly SealedDriver[];
  readonly channels: readonly SealedChannel[];
  readonly links: Pick<DriverIo, "openLink" | "openMessages">;
  /** Names the present boot. */
  bootId(): string;
  readonly terminal: Terminal;
}

/** What the owner must mend: printed as it is, exit code 1. */
export class OwnerError extends Error {
  override readonly name = "OwnerError";
}

/** Options every command understands. */
export interface CommonOptions {
  readonly config?: string;
  readonly state?: string;
}
