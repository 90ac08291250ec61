/**
 * Pictures are written before the row that names them; one without a row is swept by retention.
 */
import type { Picture, PictureRef } from "../domain/message.ts";
import type { PictureFolder } from "../store/pictures.ts";
import { isDiskFull } from "../store/store_error.ts";

type Kept = PictureRef | { readonly note: string };

/** Writes each picture once. Whatever goes wrong, the text must go out: it says what was left out. */
export function keepPictures(folder: PictureFolder, pictures: readonly Picture[]): KeptPictures {
  return new KeptPictures(new Map([...new Set(pictures)].map((picture) => [picture, keepPicture(folder, picture)])));
}

function keepPicture(folder: PictureFolder, { mediaType, alt, bytes }: Picture): Kept {
  try {
    return { hash: folder.put(bytes), mediaType, alt };
  } catch (error) {
    if (isDiskFull(error)) return { note: "The picture was left out: the disk of the agent is full." };
    return { note: "The picture was left out: it could not be stored." };
  }
}

/** Which pictures could be kept, and what to say of those that could not. */
export class KeptPictures {
  constructor(private readonly kept: ReadonlyMap<Picture, Kept>) {}

  of(pictures: readonly Picture[]): { refs: PictureRef[]; notes: string[] } {
    const found = pictures.map((picture) => this.kept.get(picture)).filter((kept) => kept !== undefined);
    return {
      refs: found.filter((kept) => "hash" in kept),
      notes: [...new Set(found.flatMap((kept) => "note" in kept ? [kept.note] : []))],
    };
  }
}
