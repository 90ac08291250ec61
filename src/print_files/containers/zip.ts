/**
 * Which kind of print file a zip is, by what is in it.
 */
import type { RangeReader } from "../../domain/print_file.ts";
import { readMakerbot } from "./makerbot.ts";
import { readProject } from "./project_3mf.ts";
import type { Reading, ReadOptions } from "./reading.ts";
import { readSl1 } from "./sl1.ts";
import { readUfp } from "./ufp.ts";
import { readZipDirectory } from "./zip_directory.ts";
import { ZipFile } from "./zip_file.ts";

/** @throws BrokenFileError if its directory cannot be read */
export async function readZip(source: RangeReader, options: ReadOptions): Promise<Reading> {
  const zip = new ZipFile(source, await readZipDirectory(source, options.signal));
  if (zip.has("3D/model.gcode")) return await readUfp(zip, options);
  if (zip.has("meta.json")) return await readMakerbot(zip, options);
  if (zip.has("prusaslicer.ini") || zip.has("config.json") || zip.has("config.ini")) return await readSl1(zip, options);
  if (zip.has("3D/3dmodel.model") || zip.names(/^Metadata\//).length > 0) return await readProject(zip, options);
  const [gcode, ...others] = zip.names(/\.(gcode|gco|g)$/i);
  if (gcode !== undefined && others.length === 0) {
    const reading = await zip.readText(gcode, { ...options, container: "zip" });
    return { ...reading, problems: [...reading.problems, ...zip.problems] };
  }
  return { container: "zip", facts: {}, thumbnails: [], problems: ["This zip holds no print file that is known"] };
}
