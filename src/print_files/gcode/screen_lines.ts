/**
 * The pictures for MKS's, Artillery's and Elegoo's screens: `;simage:`, `;mimage:` and `;gimage:`, on one line or on many, each with
 * the tag. Three things hide behind the same tags, so the content decides: ColPic, hexadecimal RGB565 (its rows continue on
 * `M10086 ;` lines) and base64 of a JPEG (OrangeStorm Giga).
 */
import { colpicBytes, decodeColpic, readColpicHeader } from "../images/colpic.ts";
import { decodeRgb565 } from "../images/rgb565.ts";
import { limits } from "../limits.ts";
import { base64Image, pixelImage, type TextImage, unreadable } from "./text_image.ts";

const tagged = /^;{1,2}([gms]image):(.*)$/;
const continued = /^M10086 ;(.*)$/;

export function readScreenImages(lines: readonly string[]): TextImage[] {
  const texts = new Map<string, string[]>();
  let latest: string[] | undefined;
  for (const line of lines) {
    const first = line.charCodeAt(0);
    if (first !== 0x3b && first !== 0x4d) continue;
    const [, tag, text] = tagged.exec(line) ?? [];
    if (tag !== undefined) {
      latest = texts.get(tag) ?? [];
      texts.set(tag, latest);
    }
    const more = text ?? continued.exec(line)?.[1];
    if (more !== undefined) latest?.push(more.trim());
  }
  return [...texts].map(([tag, parts]) => screenImage(parts.join(""), tag));
}

function screenImage(text: string, label: string): TextImage {
  if (text.length > limits.maxThumbnailBytes * 2) return unreadable(label, "it is too long");
  if (text.startsWith("/9j/") || text.startsWith("iVBOR")) return base64Image(text, label);
  return /^[0-9a-f]+$/i.test(text) ? squareImage(text, label) : colpicImage(text, label);
}

function colpicImage(text: string, label: string): TextImage {
  const bytes = colpicBytes(text);
  const header = readColpicHeader(bytes);
  if (!header) return unreadable(label, "it is neither ColPic nor hexadecimal nor JPEG");
  const { widthPixels, heightPixels } = header;
  const facts = { format: "colpic", widthPixels, heightPixels, sizeBytes: bytes.length, label } as const;
  return pixelImage(facts, () => decodeColpic(bytes));
}

/** The size is nowhere written; these screens' pictures are squares. */
function squareImage(text: string, label: string): TextImage {
  const side = Math.sqrt(text.length / 4);
  if (!Number.isInteger(side)) return unreadable(label, `${text.length} digits are no square`);
  const bytes = Uint8Array.fromHex(text);
  const size = { widthPixels: side, heightPixels: side };
  const facts = { format: "rgb565", ...size, sizeBytes: bytes.length, label } as const;
  return pixelImage(facts, () => decodeRgb565(bytes, { ...size, lowByteFirst: true }));
}
