/** Files that somebody brought. OctoPrint says most of them twice, in any order when several come at once. */
import { known } from "../../domain/optional.ts";
import type { FileRef } from "../../domain/print_file.ts";
import type { Payload } from "./shapes.ts";

const sameUploadSeconds = 10;
const maxRemembered = 50;
/** Not for the printer. Bambu's container has one of their endings. */
const modelEnding = /\.(stl|obj|amf|3mf|step)$/i;

export class Uploads {
  #recent: { readonly key: string; readonly at: number }[] = [];

  /** The file, unless it was told already, copied within OctoPrint, or is no print file. */
  added(event: "Upload" | "FileAdded", payload: Payload, now: number): FileRef | undefined {
    const { path, operation, type } = payload;
    const storage = payload.target ?? payload.storage;
    // Before 1.8 a copy says the same as a new file; what came from outside is said as an upload, too.
    if (!path || (event === "FileAdded" && operation !== "add")) return undefined;
    const isModel = type ? !type.includes("machinecode") : modelEnding.test(path) && !/\.gcode\.3mf$/i.test(path);
    const key = `${storage}/${path}`;
    this.#recent = this.#recent.filter(({ at }) => now - at < sameUploadSeconds).slice(-maxRemembered);
    if (isModel || this.#recent.some((one) => one.key === key)) return undefined;
    this.#recent.push({ key, at: now });
    return { path, ...known({ storage, sizeBytes: payload.size }) };
  }
}
