/**
 * Pictures made as small as a channel, or a server that refused them, takes.
 */
import type { Picture } from "../domain/message.ts";
import { hashPicture } from "./hash_picture.ts";
import type { PictureChange, Pixels } from "./pixels.ts";

export interface PictureLimits {
  readonly pictures: number;
  /** All pictures of one message together. */
  readonly pictureBytes: number;
  /** Of the longer side. */
  readonly pictureSidePixels?: number;
  /** The only type taken; absent: any. */
  readonly pictureType?: "image/jpeg";
}

export interface FitOptions {
  readonly pixels: Pixels;
  readonly signal: AbortSignal;
}

/** Those that fit are untouched. One that cannot be made to fit comes as it is: what becomes of it is not said here. */
export async function fitPictures(
  pictures: readonly Picture[],
  limits: PictureLimits,
  options: FitOptions,
): Promise<Picture[]> {
  const taken = pictures.slice(0, limits.pictures);
  const isTooMuch = totalBytes(taken) > limits.pictureBytes;
  const side = limits.pictureSidePixels;
  const change: PictureChange = {
    maxBytes: Math.floor(isTooMuch ? limits.pictureBytes / taken.length : limits.pictureBytes),
    ...(side === undefined ? {} : { maxWidthPixels: side, maxHeightPixels: side }),
    ...(limits.pictureType ? { mediaType: limits.pictureType } : {}),
  };
  return await Promise.all(taken.map((picture) => changed(picture, change, options)));
}

async function changed(picture: Picture, change: PictureChange, { pixels, signal }: FitOptions): Promise<Picture> {
  const result = await pixels.transform(picture.bytes, change, signal);
  if (result.kind === "failed" || result.bytes === picture.bytes) return picture;
  return await hashPicture({ ...picture, bytes: result.bytes, mediaType: result.mediaType });
}

/** Tried once where a server does not say what it takes: less than nearly every limit. */
const smallBytes = 256 * 1024;
/** Smaller ones show nothing: better none. */
const leastBytes = 8 * 1024;
/** Words and headers around the pictures. */
const textBytes = 16 * 1024;
/** Base64 with its line ends makes 1.37 bytes of one. */
const codedShare = 0.72;

/**
 * For the next try after `tooLarge`: smaller pictures, or none where those that were refused were as small already.
 * `maxBytes`: of the whole message, as its server says.
 */
export async function smallerPictures(
  refused: readonly Picture[],
  maxBytes: number | undefined,
  options: FitOptions,
): Promise<Picture[]> {
  const refusedBytes = totalBytes(refused);
  const room = maxBytes === undefined ? smallBytes : Math.floor((maxBytes - textBytes) * codedShare);
  if (refusedBytes <= room || room < leastBytes) return [];
  const pictureBytes = maxBytes === undefined ? Math.min(room, refusedBytes / 2) : room;
  const smaller = await fitPictures(refused, { pictures: refused.length, pictureBytes }, options);
  return totalBytes(smaller) <= room ? smaller : [];
}

function totalBytes(pictures: readonly Picture[]): number {
  return pictures.reduce((total, { bytes }) => total + bytes.length, 0);
}
