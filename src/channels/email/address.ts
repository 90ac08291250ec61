/**
 * Mail addresses as owners write them: `me@example.org`, `Printers <me@example.org>`.
 */
export interface MailAddress {
  readonly name?: string;
  readonly address: string;
}

/** The longest that RFC 5321 4.5.3.1.3 allows. */
const maxAddressCharacters = 254;

/** Undefined where the text is no address. Domains in other scripts become their ASCII form. */
export function parseAddress(text: string): MailAddress | undefined {
  const named = /^\s*"?([^"<>\r\n]*?)"?\s*<([^<>]*)>\s*$/.exec(text);
  const address = (named?.[2] ?? text).trim();
  // deno-lint-ignore no-control-regex -- nothing that could end a header or an SMTP command
  const parts = /^([^\s@<>()",;:\\\u0000-\u001f\u007f]+)@([^\s@<>()",;:\\/\u0000-\u001f\u007f]+)$/.exec(address);
  if (!parts?.[1] || !parts[2] || address.length > maxAddressCharacters) return undefined;
  const domain = asciiDomain(parts[2]);
  if (domain === undefined) return undefined;
  const name = named?.[1]?.trim();
  return { address: `${parts[1]}@${domain}`, ...(name ? { name } : {}) };
}

function asciiDomain(domain: string): string | undefined {
  if (/^\[[\d.]+\]$/.test(domain)) return domain;
  const ascii = URL.parse(`http://${domain}`)?.hostname;
  return ascii && /^[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(ascii) ? ascii : undefined;
}
