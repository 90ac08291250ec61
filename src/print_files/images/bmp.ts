/**
 * Windows bitmaps without compression, as in FlashForge's .gx: BITMAPFILEHEADER and BITMAPINFOHEADER (Microsoft, wingdi.h).
 */
import { broken, type Decoded, decoded, sizeProblem } from "./decoded.ts";

const headerBytes = 54;
const plain = 0;
const withMasks = 3;

interface Layout {
  readonly view: DataView;
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly bitsPerPixel: number;
  /** A negative height in the file. */
  readonly isTopDown: boolean;
  readonly pixelsOffset: number;
  readonly paletteOffset: number;
  readonly masks: readonly number[];
}

/** Rows that are missing stay white. */
export function decodeBmp(bytes: Uint8Array): Decoded {
  if (bytes.length < headerBytes || bytes[0] !== 0x42 || bytes[1] !== 0x4d) {
    return broken("it does not begin like a BMP");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [widthPixels, height] = [view.getInt32(18, true), view.getInt32(22, true)];
  const heightPixels = Math.abs(height);
  const problem = sizeProblem(widthPixels, heightPixels);
  if (problem !== undefined) return broken(problem);
  const [bitsPerPixel, compression] = [view.getUint16(28, true), view.getUint32(30, true)];
  if (![8, 16, 24, 32].includes(bitsPerPixel)) return broken(`BMP with ${bitsPerPixel} bits per pixel is not known`);
  if (compression !== plain && compression !== withMasks) return broken(`BMP compression ${compression} is not known`);
  const pixelsOffset = view.getUint32(10, true);
  if (pixelsOffset >= bytes.length) return broken("it ends before its pixels");
  const masks = compression === withMasks && bytes.length >= headerBytes + 12
    ? [54, 58, 62].map((at) => view.getUint32(at, true))
    : bitsPerPixel === 16
    ? [0x7c00, 0x03e0, 0x001f]
    : [0xff0000, 0xff00, 0xff];
  const paletteOffset = 14 + view.getUint32(14, true);
  const isTopDown = height < 0;
  const layout = { view, widthPixels, heightPixels, bitsPerPixel, isTopDown, pixelsOffset, paletteOffset, masks };
  return decoded(widthPixels, heightPixels, readPixels(layout));
}

function readPixels(layout: Layout): Uint8Array<ArrayBuffer> {
  const { view, widthPixels, heightPixels, bitsPerPixel, isTopDown, pixelsOffset } = layout;
  const rgba = new Uint8Array(widthPixels * heightPixels * 4).fill(255);
  const bytesPerPixel = bitsPerPixel / 8;
  const rowBytes = Math.ceil(widthPixels * bytesPerPixel / 4) * 4;
  for (let row = 0; row < heightPixels; row++) {
    let from = pixelsOffset + row * rowBytes;
    if (from + widthPixels * bytesPerPixel > view.byteLength) break;
    let to = (isTopDown ? row : heightPixels - 1 - row) * widthPixels * 4;
    for (let column = 0; column < widthPixels; column++, from += bytesPerPixel, to += 4) {
      writePixel(layout, from, rgba, to);
    }
  }
  return rgba;
}

/** The fourth byte of 32-bit pixels is left alone: most writers leave it 0 and mean opaque. */
function writePixel({ view, bitsPerPixel, paletteOffset, masks }: Layout, from: number, rgba: Uint8Array, to: number) {
  let at = from;
  if (bitsPerPixel === 8) at = paletteOffset + view.getUint8(from) * 4;
  else if (bitsPerPixel !== 24) {
    const pixel = bitsPerPixel === 16 ? view.getUint16(from, true) : view.getUint32(from, true);
    masks.forEach((mask, channel) => rgba[to + channel] = channelOf(pixel, mask));
    return;
  }
  if (at + 3 > view.byteLength) return;
  rgba[to] = view.getUint8(at + 2);
  rgba[to + 1] = view.getUint8(at + 1);
  rgba[to + 2] = view.getUint8(at);
}

/** The bits under the mask, stretched to 0…255. */
function channelOf(pixel: number, mask: number): number {
  if (mask === 0) return 0;
  const shift = 31 - Math.clz32(mask & -mask);
  return Math.round(((pixel & mask) >>> shift) * 255 / (mask >>> shift));
}
