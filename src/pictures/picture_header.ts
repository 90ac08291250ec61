/**
 * What a picture says about itself in its first bytes: enough to refuse it before a single pixel is decoded.
 * JPEG: ITU-T T.81 Annex B; EXIF: CIPA DC-008 4.5, 4.6; PNG: W3C PNG 11.2.1; GIF89a 18.
 */
import type { Picture } from "../domain/message.ts";
import { exifOrientations, isOnItsSide, type Orientation, upright } from "./orientation.ts";

export interface PictureHeader {
  readonly mediaType: Picture["mediaType"];
  /** As stored, before `orientation` is applied. */
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** What a viewer does before showing it (EXIF). */
  readonly orientation: Orientation;
}

/** A larger one would take some 300 MB while it is decoded. */
export const maxPixels = 24_000_000;
export const maxSidePixels = 16_384;
/** The largest file that is looked at. */
export const maxInputBytes = 20 * 1024 * 1024;

/** Why a picture is not decoded, of "it": `it is larger than 24 megapixels`; undefined: it may be. */
export function refusalOf({ widthPixels, heightPixels }: PictureHeader, sizeBytes: number): string | undefined {
  if (sizeBytes > maxInputBytes) return `it is larger than ${maxInputBytes / 1024 / 1024} MB`;
  const isLarge = widthPixels * heightPixels > maxPixels || Math.max(widthPixels, heightPixels) > maxSidePixels;
  return isLarge ? `it is larger than ${maxPixels / 1e6} megapixels (${widthPixels} × ${heightPixels})` : undefined;
}

/** Width and height as a viewer shows them. */
export function shownSize({ widthPixels, heightPixels, orientation }: PictureHeader) {
  return isOnItsSide(orientation)
    ? { widthPixels: heightPixels, heightPixels: widthPixels }
    : { widthPixels, heightPixels };
}

/** The size within these limits, in the same proportion; never larger than it was. */
export function fittedSize(
  { widthPixels, heightPixels }: Pick<PictureHeader, "widthPixels" | "heightPixels">,
  { maxWidthPixels, maxHeightPixels }: { maxWidthPixels: number; maxHeightPixels: number },
) {
  const factor = Math.min(1, maxWidthPixels / widthPixels, maxHeightPixels / heightPixels);
  return {
    widthPixels: Math.max(1, Math.round(widthPixels * factor)),
    heightPixels: Math.max(1, Math.round(heightPixels * factor)),
  };
}

/** By its first bytes; cameras lie about the type. */
export function pictureType(bytes: Uint8Array): Picture["mediaType"] | undefined {
  if (startsWith(bytes, 0xff, 0xd8, 0xff)) return "image/jpeg";
  if (startsWith(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "image/png";
  if (startsWith(bytes, 0x47, 0x49, 0x46, 0x38)) return "image/gif";
  return undefined;
}

function startsWith(bytes: Uint8Array, ...start: number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}

/** Undefined: no picture, or one that is broken before it says how large it is. */
export function readPictureHeader(bytes: Uint8Array): PictureHeader | undefined {
  const mediaType = pictureType(bytes);
  if (!mediaType) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const header = mediaType === "image/jpeg" ? readJpeg(view) : readSizeOf(view, mediaType);
    return header && header.widthPixels > 0 && header.heightPixels > 0 ? { mediaType, ...header } : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined; // it ends within its header
    throw error;
  }
}

type Found = Omit<PictureHeader, "mediaType">;

function readSizeOf(view: DataView, mediaType: "image/png" | "image/gif"): Found {
  const [widthPixels, heightPixels] = mediaType === "image/png"
    ? [view.getUint32(16), view.getUint32(20)]
    : [view.getUint16(6, true), view.getUint16(8, true)];
  return { widthPixels, heightPixels, orientation: upright };
}

const marker = { startOfScan: 0xda, end: 0xd9, app1: 0xe1, temporary: 0x01 };
/** DHT, JPG and DAC lie within the range of the frame headers but are none. */
const noFrames = [0xc4, 0xc8, 0xcc];

function readJpeg(view: DataView): Found | undefined {
  let orientation = upright;
  for (let at = 2; at < view.byteLength;) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const code = view.getUint8(at + 1);
    if (code === 0xff) { // a fill byte
      at += 1;
      continue;
    }
    if (code === marker.temporary || code >= 0xd0 && code <= 0xd7) { // markers without content
      at += 2;
      continue;
    }
    if (code === marker.startOfScan || code === marker.end) return undefined;
    const isFrame = code >= 0xc0 && code <= 0xcf && !noFrames.includes(code);
    if (isFrame) return { heightPixels: view.getUint16(at + 5), widthPixels: view.getUint16(at + 7), orientation };
    if (code === marker.app1) orientation = readExif(view, at + 4) ?? orientation;
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

const exifStart = 0x45786966; // "Exif", followed by two zeros
const orientationTag = 0x0112;
const maxExifTags = 200;

/** The orientation in an APP1 segment, if that is EXIF and holds one. Broken EXIF is none. */
function readExif(view: DataView, start: number): Orientation | undefined {
  try {
    if (view.getUint32(start) !== exifStart) return undefined;
    const tiff = start + 6;
    const isLittle = view.getUint16(tiff) === 0x4949; // "II"
    const tags = tiff + view.getUint32(tiff + 4, isLittle);
    const count = Math.min(view.getUint16(tags, isLittle), maxExifTags);
    for (let index = 0; index < count; index++) {
      const tag = tags + 2 + index * 12;
      if (view.getUint16(tag, isLittle) === orientationTag) return exifOrientations[view.getUint16(tag + 8, isLittle)];
    }
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const pngColours = { grey: 0, full: 2 };

/** The type of a JPEG or PNG that certainly has nothing transparent; undefined: it may have, or is something else. */
export function opaqueType(bytes: Uint8Array): "image/jpeg" | "image/png" | undefined {
  const type = pictureType(bytes);
  if (type === "image/jpeg") return type;
  const colours = bytes[25]; // in IHDR; transparency of a single colour, tRNS, is used by no slicer
  return type === "image/png" && (colours === pngColours.grey || colours === pngColours.full) ? type : undefined;
}

/** How far behind the end of a JPEG cameras have been seen to add bytes of their own. */
const maxJunkBytes = 64 * 1024;

/** Whether a picture has its last bytes: a camera or network that gave up in the middle leaves them out. */
export function isComplete(bytes: Uint8Array): boolean {
  switch (pictureType(bytes)) {
    case "image/jpeg": {
      const tail = bytes.subarray(Math.max(0, bytes.length - maxJunkBytes));
      const lastScan = findLast(tail, 0xff, marker.startOfScan);
      return findLast(tail, 0xff, marker.end) > lastScan;
    }
    case "image/png":
      return findLast(bytes.subarray(-1024), 0x49, 0x45, 0x4e, 0x44) >= 0; // IEND
    case "image/gif":
      return bytes.subarray(-16).includes(0x3b);
    case undefined:
      return false;
  }
}

/** Where these bytes begin for the last time; -1: nowhere. */
function findLast(bytes: Uint8Array, ...wanted: number[]): number {
  for (let at = bytes.length - wanted.length; at >= 0; at--) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
