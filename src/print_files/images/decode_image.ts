/**
 * The images with a header that no library here decodes: QOI and BMP. PNG, JPEG and GIF are the business of `pictures/`.
 */
import { imageFormat } from "../image_header.ts";
import { decodeBmp } from "./bmp.ts";
import { broken, type Decoded } from "./decoded.ts";
import { decodeQoi } from "./qoi.ts";

/** By its first bytes; never throws. */
export function decodeImage(bytes: Uint8Array): Decoded {
  switch (imageFormat(bytes)) {
    case "qoi":
      return decodeQoi(bytes);
    case "bmp":
      return decodeBmp(bytes);
    case "png":
    case "jpeg":
    case "gif":
    case undefined:
      return broken("it is neither QOI nor BMP");
  }
}
