/** Cuts bytes into pieces of the sizes that come, as a serial line does. */
export function randomCuts(sizes: Iterator<number>): (bytes: Uint8Array) => Uint8Array[] {
  return (bytes) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = Math.max(1, sizes.next().value ?? bytes.length);
      pieces.push(bytes.slice(at, at + size));
      at += size;
    }
    return pieces;
  };
}
