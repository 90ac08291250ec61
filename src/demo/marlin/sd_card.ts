/**
 * A memory card: files made of bytes under 8.3 names, as Marlin lists them.
 */
export interface CardFile {
  /** With folders, upper case: `SUB/INNER.GCO`. */
  readonly path: string;
  /** Where it differs from the short one: `A long file name.gcode`. */
  readonly longName?: string;
  readonly bytes: Uint8Array;
}

/** FAT time stamp of the recordings. */
const timeStamp = "0x5D7784CF";

export class SdCard {
  #files: CardFile[] = [];

  constructor(files: Readonly<Record<string, Uint8Array>> = {}) {
    for (const [name, bytes] of Object.entries(files)) this.add(name, bytes);
  }

  /** Stores a file under its long name, in place of one of the same name. */
  add(name: string, bytes: Uint8Array): CardFile {
    const slash = name.lastIndexOf("/");
    const folder = slash < 0 ? "" : `${name.slice(0, slash).toUpperCase()}/`;
    const own = name.slice(slash + 1);
    this.remove(name);
    const taken = (short: string) => this.#files.some((file) => file.path === folder + short);
    const short = shortName(own, taken);
    const file: CardFile = { path: folder + short, bytes, ...(short === own.toUpperCase() ? {} : { longName: own }) };
    this.#files.push(file);
    return file;
  }

  /** By short or long name, however capitalised, with or without a leading slash. */
  find(name: string): CardFile | undefined {
    const wanted = name.replace(/^\//, "").toLowerCase();
    return this.#files.find((file) =>
      file.path.toLowerCase() === wanted || file.longName !== undefined && longPath(file).toLowerCase() === wanted
    );
  }

  remove(name: string): boolean {
    const file = this.find(name);
    if (file) this.#files = this.#files.filter((kept) => kept !== file);
    return file !== undefined;
  }

  /** The lines of M20 between `Begin file list` and `End file list`. */
  list({ isLong, isTimed }: { isLong: boolean; isTimed: boolean }): string[] {
    return this.#files.map((file) => {
      const slash = file.path.lastIndexOf("/");
      // A file in a folder loses the folder in its long name, as in the recording sd_list_and_print.
      const long = file.longName ?? (slash < 0 ? file.path : file.path.slice(slash));
      return [file.path, file.bytes.length, ...(isTimed ? [timeStamp] : []), ...(isLong ? [long] : [])].join(" ");
    });
  }
}

function longPath(file: CardFile): string {
  return file.path.slice(0, file.path.lastIndexOf("/") + 1) + file.longName;
}

function shortName(name: string, isTaken: (short: string) => boolean): string {
  const dot = name.lastIndexOf(".");
  const clean = (text: string) => text.toUpperCase().replace(/[^A-Z0-9_~-]/g, "");
  const [base, ending] = dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot + 1)];
  const end = ending ? `.${clean(ending).slice(0, 3)}` : "";
  const fits = clean(base) === base.toUpperCase() && base.length <= 8 && ending.length <= 3;
  if (fits) return clean(base) + end;
  let number = 1;
  while (isTaken(`${clean(base).slice(0, 6)}~${number}${end}`)) number++;
  return `${clean(base).slice(0, 6)}~${number}${end}`;
}
