/**
 * MeatPack (github.com/scottmudge/OctoPrint-MeatPack) as bgcode uses it: the 15 most usual characters of G-code as half a byte each,
 * the low half first; 15 says that a whole byte follows. `FF FF` and a byte is a command. Spaces of G lines are left out; they are put
 * back before each parameter. Each block begins anew. Empty lines, with which lines are filled up, are left out.
 */
const command = { on: 251, off: 250, reset: 249, noSpacesOn: 247, noSpacesOff: 246 };
const whole = 15;
const [newline, space, letterG] = [10, 32, 0x47];
const characters = new TextEncoder().encode("0123456789. \nGX");
const charactersWithoutSpace = new TextEncoder().encode("0123456789.E\nGX");

/** What a byte means within a G line without spaces: up to four characters, the first in the lowest bits, and how many; 0: look closer. */
const wordLengths = new Uint8Array(256);
const words = Uint32Array.from({ length: 256 }, (_, byte) => {
  const halves = [byte & 15, byte >> 4].map((half) => charactersWithoutSpace[half] ?? newline);
  if (halves.includes(newline)) return 0;
  const text = halves.flatMap((character) => isLetter(character) ? [space, character] : [character]);
  wordLengths[byte] = text.length;
  return text.reduce((word, character, place) => word + character * 2 ** (8 * place), 0);
});

function isLetter(character: number): boolean {
  return character >= 65 && character <= 90;
}

/** The text of a whole block; what is cut off within a character is left out. */
export function decodeMeatPack(packed: Uint8Array): Uint8Array {
  const text = new Uint8Array(packed.length * 4 + 4); // at most two characters a byte, each with a space; four are written at once
  let length = 0;
  let isPacked = false;
  let hasNoSpaces = false;
  let isLineStart = true;
  let isMove = false; // within a G line without spaces
  for (let at = 0; at < packed.length; at++) {
    const byte = packed[at]!;
    const word = words[byte]!;
    if (isMove && word !== 0) {
      text[length] = word;
      text[length + 1] = word >>> 8;
      text[length + 2] = word >>> 16;
      text[length + 3] = word >>> 24;
      length += wordLengths[byte]!;
      continue;
    }
    if (byte === 0xff && packed[at + 1] === 0xff) {
      at += 2;
      const code = packed[at];
      if (code === command.on) isPacked = true;
      else if (code === command.off || code === command.reset) isPacked = false;
      if (code === command.noSpacesOn) hasNoSpaces = true;
      else if (code === command.noSpacesOff || code === command.reset) hasNoSpaces = false;
      isMove &&= isPacked && hasNoSpaces;
      continue;
    }
    const table = hasNoSpaces ? charactersWithoutSpace : characters;
    const high = byte >> 4;
    for (let half = isPacked ? byte & 15 : whole, isFirst = true;; half = high, isFirst = false) {
      const isWhole = isPacked && half === whole;
      if (isWhole && ++at >= packed.length) break;
      const character = isPacked ? (isWhole ? packed[at]! : table[half]!) : byte;
      if (character !== newline || !isLineStart) {
        if (isLineStart) isMove = character === letterG && isPacked && hasNoSpaces;
        else if (isMove && isLetter(character)) text[length++] = space;
        text[length++] = character;
      }
      isLineStart = character === newline;
      isMove &&= !isLineStart;
      if (!isFirst || !isPacked || isLineStart) break; // behind the end of a line, the other half only fills up the byte
    }
  }
  return text.subarray(0, length);
}
