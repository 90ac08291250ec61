/**
 * Text for phones: the GSM 7-bit alphabet (3GPP TS 23.038). One character outside of it halves what fits into a
 * message, so everything is put into its letters.
 */
const basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿" +
  "abcdefghijklmnopqrstuvwxyzäöñüà";
/** Each of these takes the place of two. */
const extended = "^{}\\[~]|€";
const oneSeptet = new Set(basic);
const twoSeptets = new Set(extended);

/** What looks nearest, for what printers and slicers write. */
const nearest: Readonly<Record<string, string>> = {
  "°": "",
  "µ": "u",
  "×": "x",
  "…": "...",
  "–": "-",
  "—": "-",
  "−": "-",
  "‘": "'",
  "’": "'",
  "‚": "'",
  "“": '"',
  "”": '"',
  "„": '"',
  "«": '"',
  "»": '"',
  "`": "'",
  "→": "->",
  "←": "<-",
  "✓": "ok",
  "✔": "ok",
  "✗": "x",
  "•": "-",
  "·": "-",
  "≤": "<=",
  "≥": ">=",
  "≈": "~",
  "ł": "l",
  "Ł": "L",
  "đ": "d",
  "Đ": "D",
  "ı": "i",
  "œ": "oe",
  "Œ": "OE",
  "½": "1/2",
  "¼": "1/4",
  "²": "2",
  "³": "3",
  "ẞ": "SS",
};

/** Small letters of Cyrillic (as ICAO 9303 spells them in passports) and Greek, without their marks. */
const spelled: ReadonlyMap<string, string> = new Map(
  ("а=a б=b в=v г=g ґ=g д=d ђ=d е=e є=ie ж=zh з=z и=i і=i ј=j к=k л=l љ=lj м=m н=n њ=nj о=o п=p р=r с=s т=t ћ=c у=u " +
    "ф=f х=kh ц=ts ч=ch џ=dz ш=sh щ=shch ъ= ы=y ь= э=e ю=iu я=ia " +
    "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch ψ=ps ω=o")
    .split(" ").map((pair): [string, string] => [pair.slice(0, 1), pair.slice(2)]),
);

/** The text in letters of the alphabet, on one line; what has no likeness becomes one `?` per run. */
export function toGsm7(text: string): string {
  const letters = [
    ...text.normalize("NFC").replace(/\p{Extended_Pictographic}[\u200d\ufe0f\p{Emoji_Modifier}]*/gu, " "),
  ];
  return letters.map(likeness).join("").replace(/\ufffd+/g, "?").replace(/\s+/g, " ").trim();
}

function likeness(letter: string): string {
  if (/\s/.test(letter)) return " ";
  if (oneSeptet.has(letter) || twoSeptets.has(letter)) return letter;
  const near = nearest[letter];
  if (near !== undefined) return near;
  const bare = letter.normalize("NFKD").replace(/\p{Mark}/gu, "");
  if (bare && bare !== letter && [...bare].every((part) => oneSeptet.has(part))) return bare;
  const small = bare.toLowerCase();
  const latin = spelled.get(small);
  if (latin !== undefined) return small === bare ? latin : latin.slice(0, 1).toUpperCase() + latin.slice(1);
  return /\p{Control}|\p{Format}|\p{Mark}/u.test(letter) ? "" : "\ufffd";
}

/** Septets that the text takes. */
export function gsm7Length(text: string): number {
  let septets = 0;
  for (const letter of text) septets += twoSeptets.has(letter) ? 2 : 1;
  return septets;
}
