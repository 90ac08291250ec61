/**
 * Print files on OctoPrint's own disk, or on the printer as far as OctoPrint can read it, and what it knows of them.
 * https://docs.octoprint.org/en/master/api/files.html
 */
import { known } from "../../domain/optional.ts";
import type { DescribedPrintFile, FileRef, PrintFileFacts, RangeReader } from "../../domain/print_file.ts";
import { openHttpFile } from "../../protocols/http_ranges.ts";
import type { DriverIo } from "../driver.ts";
import { type HostSettings, OctoPrintHost, pathHere } from "./host.ts";
import { fileShape } from "./shapes.ts";
import type { z } from "zod";

const maxThumbnailBytes = 4 * 1024 * 1024;

/** The file's own bytes, by ranges. @throws Error where it is gone, or on a card that OctoPrint cannot read */
export async function openPrintFile(settings: HostSettings, file: FileRef, io: DriverIo): Promise<RangeReader> {
  const host = new OctoPrintHost(settings);
  const download = isLocal(file) ? addressOf("/downloads/files", file) : await downloadOf(host, file, io);
  if (download === undefined) throw new Error(`OctoPrint cannot read "${file.path}": it lies in the printer`);
  const { fetch, signal } = io;
  return await openHttpFile(host.address + download, {
    fetch,
    signal,
    headers: host.headers,
    ...known({ sizeBytes: file.sizeBytes }),
  });
}

/** OctoPrint's analysis, and a plugin's thumbnail; nothing where the file is gone, or another one by now. */
export async function describePrintFile(
  settings: HostSettings,
  file: FileRef,
  io: DriverIo,
): Promise<DescribedPrintFile> {
  const host = new OctoPrintHost(settings);
  const found = await host.json(addressOf("/api/files", file), fileShape, io);
  if (!found || (file.sizeBytes ?? found.size) !== found.size) return { facts: {} };
  const facts = factsOf(found);
  const reference = found.refs?.thumbnail ?? found.thumbnail;
  const path = reference === undefined ? undefined : pathHere(host.address, reference);
  if (path === undefined) return { facts };
  const { status, bytes } = await host.ask(path, io, { maxBytes: maxThumbnailBytes });
  return { facts, ...(status === 200 && bytes.length > 0 ? { thumbnail: bytes } : {}) };
}

async function downloadOf(host: OctoPrintHost, file: FileRef, io: DriverIo): Promise<string | undefined> {
  const found = await host.json(addressOf("/api/files", file), fileShape, io);
  return found?.refs?.download === undefined ? undefined : pathHere(host.address, found.refs.download);
}

function isLocal({ storage }: FileRef): boolean {
  return storage === undefined || storage === "local";
}

/** Each part of the path written as addresses are; one that climbs out of the storage is none. */
function addressOf(root: string, { storage = "local", path }: FileRef): string {
  const parts = [storage, ...path.split("/")].filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new TypeError(`Not a print file: "${path}"`);
  return `${root}/${parts.map(encodeURIComponent).join("/")}`;
}

function factsOf({ gcodeAnalysis }: z.output<typeof fileShape>): PrintFileFacts {
  const lengths = Object.values(gcodeAnalysis?.filament ?? {}).flatMap((tool) => tool?.length ?? []);
  return known({
    estimatedSeconds: gcodeAnalysis?.estimatedPrintTime,
    filamentMillimetres: lengths.length > 0 ? lengths : undefined,
    objectHeightMillimetres: gcodeAnalysis?.dimensions?.height || undefined,
  });
}
