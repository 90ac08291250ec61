/**
 * The list of all that is ever written to a printer: questions, and the two requests for periodic reports. Nothing
 * else can be written; nothing here moves, heats, starts, stops or changes a setting that outlives a restart.
 */

/** Commands without arguments, or with fixed ones. */
export const commands = [
  "M115", // who are you
  "M105", // temperatures
  "M27", // position in the SD print
  "M27 C", // name of the SD print
  "M155 S5", // temperatures every 5 s
  "M27 S5", // position every 5 s
  'M409 K"state.status" F"v"', // RepRapFirmware 3: what it does
  'M409 K"job" F"d5v"', // RepRapFirmware 3: the job
  "M408 S2", // RepRapFirmware 2: both
  "progress", // Smoothieware: name and times of the SD print
] as const;

export type Command = typeof commands[number];

/** Written while the speed of a port is searched for: an empty line ends what noise has begun. */
export const wakeUp = "\nM115\n";

/** The only way for bytes to a printer. */
export class CommandWriter implements AsyncDisposable {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(link: { readonly writable: WritableStream<Uint8Array> }) {
    this.#writer = link.writable.getWriter();
  }

  /** @throws Error for anything that is not on the list. */
  async send(command: Command): Promise<void> {
    if (!commands.includes(command)) throw new Error(`Cannot send "${command}": not on the list`);
    await this.#writer.write(new TextEncoder().encode(`${command}\n`));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#writer.releaseLock();
    return Promise.resolve();
  }
}
