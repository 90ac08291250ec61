/**
 * The pictures that go with an event, as the rules want them. Each source is asked once, at the moment of the event;
 * deliveries keep what it gave, so that a message sent late still shows that moment.
 */
import type { Clock } from "../clock.ts";
import type { PrinterSettings } from "../config/settings.ts";
import { hasPassed } from "../domain/moment.ts";
import type { FileRef } from "../domain/print_file.ts";
import { type EventKind, type PrinterEvent, shownJob } from "../domain/printer_event.ts";
import { shownFileName } from "../domain/print_file.ts";
import type { PicturePolicy } from "../domain/rule.ts";
import type { Log } from "../log.ts";
import { type FoundPictures, noPictures, takeCameraPicture } from "../pictures/camera_picture.ts";
import { hashPicture } from "../pictures/hash_picture.ts";
import type { Pixels } from "../pictures/pixels.ts";
import { readLocalThumbnail } from "../print_files/read_local_thumbnail.ts";
import type { StoredEvent } from "../store/store.ts";

export interface EventPicturesDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly fetch: typeof fetch;
  readonly pixels: Pixels;
}

/** A picture taken later than this would show another moment. */
const maxPictureAgeSeconds = 60;
/** Events about which a look at the printer says nothing. */
const kindsWithoutLook: readonly EventKind[] = ["uploaded", "offline", "online", "ended"];
/** Events at which there is nothing to see yet but what the slicer drew. */
const kindsBeforePrint: readonly EventKind[] = ["uploaded", "started"];

/** Finds the pictures of one event by policy. */
export function eventPictures(
  { event, printer: name }: StoredEvent,
  printer: PrinterSettings | undefined,
  { signal, ...deps }: EventPicturesDeps & { readonly signal: AbortSignal },
): (policy: PicturePolicy) => Promise<FoundPictures> {
  const camera = once(() => lookAt(event, { name, printer, signal, ...deps }));
  const thumbnail = once(() => drawingOf(event, { printer, signal, ...deps }));
  return async (policy) => {
    switch (policy) {
      case "none":
        return noPictures;
      case "camera":
        return await camera();
      case "thumbnail":
        return await thumbnail();
      case "auto": {
        const drawn = kindsBeforePrint.includes(event.kind) ? await thumbnail() : noPictures;
        return drawn.pictures.length > 0 ? drawn : await camera();
      }
    }
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}

type Asked = EventPicturesDeps & { readonly printer: PrinterSettings | undefined; readonly signal: AbortSignal };

async function lookAt(
  event: PrinterEvent,
  { name, printer, ...deps }: Asked & { name: string },
): Promise<FoundPictures> {
  const camera = printer?.camera;
  if (!camera || kindsWithoutLook.includes(event.kind)) return noPictures;
  if (hasPassed(maxPictureAgeSeconds, event.at, deps.clock.now())) return noPictures;
  const job = shownJob(event.job);
  const alt = `Camera picture of ${name}${job ? ` printing ${job}` : ""}`;
  const found = await takeCameraPicture(camera, { ...deps, alt });
  for (const note of found.notes) deps.log.warning(note, { printer: name });
  return found;
}

async function drawingOf(event: PrinterEvent, { printer, clock, signal }: Asked): Promise<FoundPictures> {
  const file: FileRef | undefined = event.kind === "uploaded" ? event.file : event.job?.file;
  if (!file || printer?.filesFolder === undefined) return noPictures;
  const thumbnail = await readLocalThumbnail(printer.filesFolder, file, { clock, signal });
  if (!thumbnail) return noPictures; // no error: many files have none
  const { bytes, mediaType } = thumbnail;
  const picture = await hashPicture({ bytes, mediaType, alt: `${shownFileName(file)} as the slicer drew it` });
  return { pictures: [picture], notes: [] };
}
