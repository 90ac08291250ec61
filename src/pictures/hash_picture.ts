import type { Picture } from "../domain/message.ts";

/** A picture under the name it is kept by: the SHA-256 of its bytes. */
export async function hashPicture(picture: Omit<Picture, "hash">): Promise<Picture> {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(picture.bytes));
  return { ...picture, hash: new Uint8Array(digest).toHex() };
}
