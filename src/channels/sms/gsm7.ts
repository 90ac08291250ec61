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
};

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
  return /\p{Control}|\p{Format}|\p{Mark}/u.test(letter) ? "" : "\ufffd";
}

/** Septets that the text takes. */
export function gsm7Length(text: string): number {
  let septets = 0;
  for (const letter of text) septets += twoSeptets.has(letter) ? 2 : 1;
  return septets;
}
