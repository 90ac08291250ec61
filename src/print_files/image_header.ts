/**
 * What an image says in its first bytes: its format and size. Enough to list it, and to refuse it before a pixel is decoded.
 * PNG: W3C PNG 11.2.1; JPEG: ITU-T T.81 Annex B; GIF89a 18; QOI: qoiformat.org; BMP: BITMAPINFOHEADER.
 */
export type ImageFormat = "png" | "jpeg" | "gif" | "qoi" | "bmp";

export interface ImageHeader {
  readonly format: ImageFormat;
  readonly widthPixels: number;
  readonly heightPixels: number;
}

/** As many first bytes as show the size of all but unusual JPEGs. */
export const imageHeaderBytes = 4096;

const signatures = [
  ["png", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ["jpeg", [0xff, 0xd8, 0xff]],
  ["gif", [0x47, 0x49, 0x46, 0x38]],
  ["qoi", [0x71, 0x6f, 0x69, 0x66]],
  ["bmp", [0x42, 0x4d]],
] as const;

/** By the first bytes alone. */
export function imageFormat(bytes: Uint8Array): ImageFormat | undefined {
  return signatures.find(([, signature]) => signature.every((byte, index) => bytes[index] === byte))?.[0];
}

/** Undefined: no image, or its size is not in these bytes. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const format = imageFormat(bytes);
  if (format === undefined) return undefined;
  try {
    const size = sizeOf(format, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return size && size.widthPixels > 0 && size.heightPixels > 0 ? { format, ...size } : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined; // it ends within its header
    throw error;
  }
}

type Size = Omit<ImageHeader, "format">;

function sizeOf(format: ImageFormat, view: DataView): Size | undefined {
  switch (format) {
    case "png":
      return { widthPixels: view.getUint32(16), heightPixels: view.getUint32(20) };
    case "jpeg":
      return jpegSize(view);
    case "gif":
      return { widthPixels: view.getUint16(6, true), heightPixels: view.getUint16(8, true) };
    case "qoi":
      return { widthPixels: view.getUint32(4), heightPixels: view.getUint32(8) };
    case "bmp": // a negative height: rows from the top
      return { widthPixels: view.getInt32(18, true), heightPixels: Math.abs(view.getInt32(22, true)) };
  }
}

/** DHT, JPG and DAC lie within the range of the frame headers but are none. */
const noFrames = [0xc4, 0xc8, 0xcc];

function jpegSize(view: DataView): Size | undefined {
  for (let at = 2; at < view.byteLength;) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const code = view.getUint8(at + 1);
    if (code === 0xff) at += 1; // a fill byte
    else if (code === 0x01 || code >= 0xd0 && code <= 0xd7) at += 2; // markers without content
    else if (code >= 0xc0 && code <= 0xcf && !noFrames.includes(code)) {
      return { heightPixels: view.getUint16(at + 5), widthPixels: view.getUint16(at + 7) };
    } else if (code === 0xda || code === 0xd9) return undefined; // the scan, the end
    else at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}
