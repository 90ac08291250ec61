/**
 * Heatshrink (github.com/atomicobject/heatshrink): an LZSS for small machines. Bits from the most significant on: 1 and a byte, or 0,
 * how far back (less one) and how many (less one). Before the first byte lie zeros.
 */
export interface HeatshrinkOptions {
  /** How many bits say how far back. */
  readonly windowBits: number;
  /** How many bits say how many. */
  readonly lookaheadBits: number;
  /** What the content should be long. */
  readonly sizeBytes: number;
}

/** As much of the content as there is: shorter than said if the data end early. Both counts together are at most 16 bits. */
export function decodeHeatshrink(
  data: Uint8Array,
  { windowBits, lookaheadBits, sizeBytes }: HeatshrinkOptions,
): Uint8Array {
  const content = new Uint8Array(sizeBytes);
  const referenceBits = 1 + windowBits + lookaheadBits;
  const lookaheadMask = (1 << lookaheadBits) - 1;
  const windowMask = (1 << windowBits) - 1;
  const dataBits = data.length * 8;
  let bits = 0; // those not used yet are the lowest `count`
  let count = 0;
  let next = 0; // byte of the data
  let at = 0; // byte of the content
  while (at < sizeBytes) {
    if (count < referenceBits) { // what is left and two bytes are at most 32 bits; behind the end lie zeros
      bits = bits << 16 | data[next]! << 8 | data[next + 1]!;
      next += 2;
      count += 16;
    }
    if (count < referenceBits) {
      bits = bits << 8 | data[next++]!;
      count += 8;
    }
    const isLiteral = (bits >>> (count - 1) & 1) === 1;
    count -= isLiteral ? 9 : referenceBits;
    if (next * 8 - count > dataBits) break; // only padding is left
    if (isLiteral) {
      content[at++] = bits >>> count;
      continue;
    }
    let from = at - 1 - (bits >>> (count + lookaheadBits) & windowMask);
    const end = Math.min(sizeBytes, at + 1 + (bits >>> count & lookaheadMask));
    for (; from < 0 && at < end; from++) content[at++] = 0;
    while (at < end) content[at++] = content[from++]!;
  }
  return content.subarray(0, at);
}
