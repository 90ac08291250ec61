/**
 * A message as HTML that any mail program shows: no stylesheet it would drop, nothing loaded from outside, and no colour
 * of its own. What matters less is the reader's own colour made paler: no single grey reads well both on white and on
 * the near-black of dark modes (at best 4.3:1, where WCAG 2.2 wants 4.5:1).
 */
import type { Message } from "../../domain/message.ts";

export interface InlinePicture {
  /** Content-ID without brackets. */
  readonly cid: string;
  readonly alt: string;
}

const pale = "opacity:.68";
/** Of a line between parts: seen on white and on black, in nobody's way. */
const lineColour = "rgba(128,128,128,.35)";
const font = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

/** First line as heading, picture, facts in two columns, footer. */
export function renderHtml(message: Message, pictures: readonly InlinePicture[]): string {
  const { footer } = message;
  const sender = footer.url && /^https?:\/\//.test(footer.url)
    ? `<a href="${escape(footer.url)}" style="color:inherit">${escape(footer.agent)}</a>`
    : escape(footer.agent);
  return [
    "<!doctype html>",
    `<html lang="${escape(message.language)}">`,
    "<head>",
    `<meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width,initial-scale=1">`,
    `<meta name="color-scheme" content="light dark">`,
    `<meta name="supported-color-schemes" content="light dark">`,
    `<title>${escape(message.firstLine)}</title>`,
    "<style>:root{color-scheme:light dark;supported-color-schemes:light dark}</style>",
    "</head>",
    `<body style="margin:0;padding:16px;${font};font-size:16px;line-height:1.4">`,
    `<div style="max-width:640px">`,
    `<h1 style="margin:0 0 12px;font-size:20px;line-height:1.3;overflow-wrap:anywhere">${
      shown(message.firstLine)
    }</h1>`,
    ...(message.lateLine ? [`<p style="margin:0 0 12px">${shown(message.lateLine)}</p>`] : []),
    ...pictures.map(pictureHtml),
    ...factsHtml(message),
    ...message.notes.map((note) => `<p style="margin:12px 0 0;font-size:14px;${pale}">${shown(note)}</p>`),
    `<div style="margin:16px 0 0;border-top:1px solid ${lineColour};padding:8px 0 0;font-size:13px">`,
    `<span style="${pale}">${sender}</span>`,
    "</div>",
    "</div>",
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function pictureHtml({ cid, alt }: InlinePicture): string {
  return `<p style="margin:0 0 14px"><img src="cid:${escape(cid)}" alt="${escape(alt)}" ` +
    `style="display:block;max-width:100%;height:auto;border:0;border-radius:6px;font-size:14px"></p>`;
}

function factsHtml({ facts }: Message): string[] {
  if (facts.length === 0) return [];
  const rows = facts.map(({ label, value }) =>
    `<tr><th scope="row" style="padding:2px 16px 2px 0;text-align:left;vertical-align:baseline;white-space:nowrap;` +
    `font-size:14px;font-weight:normal;${pale}">${escape(label)}</th>` +
    `<td style="padding:2px 0;vertical-align:baseline;overflow-wrap:anywhere">${shown(value)}</td></tr>`
  );
  return [`<table style="border-collapse:collapse">`, ...rows, "</table>"];
}

/** Text in which no number is parted from its unit at the end of a line: `50 %`, `215 °C`, `12 min`. */
function shown(text: string): string {
  return escape(text.replace(/(\d) (?=(%|°C|d|h|min|s|g|m)(?![\p{L}\d]))/gu, "$1\u00a0"));
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
