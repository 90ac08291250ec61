/**
 * Phone carriers that turn mail into text messages, and how many still do. The shutdown dates are the carriers' own or
 * several reports that agree; the addresses are from lists that carriers no longer keep up (see the README).
 */
export type GatewayStatus = "active" | "ending" | "dead" | "unknown";

export interface SmsCarrier {
  readonly label: string;
  readonly country: "US" | "CA";
  /** `number@smsDomain` becomes a text message. */
  readonly smsDomain: string;
  /** The same with a picture. */
  readonly mmsDomain?: string;
  readonly status: GatewayStatus;
  /** When it ended or ends, as far as known. */
  readonly endsOn?: string;
  readonly note?: string;
}

/** When the table was last compared with what is known. */
export const carriersCheckedOn = "2026-11-22";

const us = (smsDomain: string, mmsDomain: string, status: GatewayStatus) => ({
  country: "US" as const,
  smsDomain,
  mmsDomain,
  status,
});
const ca = (smsDomain: string, mmsDomain?: string) => ({
  country: "CA" as const,
  smsDomain,
  ...(mmsDomain ? { mmsDomain } : {}),
  status: "unknown" as const,
});

export const smsCarriers = {
  att: { label: "AT&T", ...us("txt.att.net", "mms.att.net", "dead"), endsOn: "2025-06-17" },
  cricket: {
    label: "Cricket",
    ...us("sms.cricketwireless.net", "mms.cricketwireless.net", "unknown"),
    note: "runs on AT&T",
  },
  consumer_cellular: {
    label: "Consumer Cellular",
    ...us("mailmymobile.net", "mailmymobile.net", "unknown"),
    note: "runs on AT&T and T-Mobile",
  },
  verizon: { label: "Verizon", ...us("vtext.com", "vzwpix.com", "ending"), endsOn: "2027-03-31" },
  xfinity_mobile: { label: "Xfinity Mobile", ...us("vtext.com", "mypixmessages.com", "ending"), endsOn: "2027-03-31" },
  spectrum: { label: "Spectrum", ...us("vtext.com", "vzwpix.com", "ending"), endsOn: "2027-03-31" },
  visible: { label: "Visible", ...us("vtext.com", "vzwpix.com", "ending"), endsOn: "2027-03-31" },
  page_plus: { label: "Page Plus", ...us("vtext.com", "mypixmessages.com", "ending"), endsOn: "2027-03-31" },
  t_mobile: { label: "T-Mobile, Sprint", ...us("tmomail.net", "tmomail.net", "dead"), endsOn: "2024-12" },
  metro: { label: "Metro by T-Mobile", ...us("mymetropcs.com", "mymetropcs.com", "unknown"), note: "runs on T-Mobile" },
  mint: { label: "Mint, Ultra", ...us("tmomail.net", "tmomail.net", "dead"), endsOn: "2024-12" },
  us_cellular: {
    label: "US Cellular",
    ...us("email.uscc.net", "mms.uscc.net", "unknown"),
    note: "belongs to T-Mobile now",
  },
  boost: { label: "Boost", ...us("sms.myboostmobile.com", "myboostmobile.com", "unknown") },
  google_fi: { label: "Google Fi", ...us("msg.fi.google.com", "msg.fi.google.com", "active") },
  c_spire: { label: "C Spire", country: "US", smsDomain: "cspire1.com", status: "unknown" },
  bell: { label: "Bell, Virgin Plus", ...ca("txt.bell.ca", "txt.bell.ca") },
  rogers: { label: "Rogers", ...ca("sms.rogers.com", "mms.rogers.com") },
  fido: { label: "Fido", ...ca("fido.ca") },
  telus: { label: "Telus", ...ca("msg.telus.com", "mms.telusmobility.com") },
  koodo: { label: "Koodo", ...ca("msg.koodomobile.com", "mms.telusmobility.com") },
  freedom: { label: "Freedom", ...ca("txt.freedommobile.ca") },
  videotron: { label: "Videotron", ...ca("texto.videotron.ca") },
  sasktel: { label: "SaskTel", ...ca("sms.sasktel.com") },
} as const satisfies Record<string, SmsCarrier>;

export type SmsCarrierId = keyof typeof smsCarriers;
export const smsCarrierIds = Object.keys(smsCarriers) as [SmsCarrierId, ...SmsCarrierId[]];

/** Why this carrier cannot be used; undefined where it can, or where nobody knows. */
export function refusalOf(carrier: SmsCarrier): string | undefined {
  return carrier.status === "dead"
    ? `${carrier.label} turns no mails into text messages any more (since ${carrier.endsOn}): ` +
      "use another channel for this phone, like ntfy, Pushover or Telegram"
    : undefined;
}

/** What to know of a carrier that may work. */
export function statusText({ label, status, endsOn, note }: SmsCarrier): string {
  const known = {
    active: "its gateway works",
    ending: `its gateway closes on ${endsOn}: set up a second channel for this phone now`,
    dead: `its gateway is closed since ${endsOn}`,
    unknown: `nobody says whether its gateway still works${note ? ` (it ${note})` : ""}: ` +
      "send a test, and set up a second channel if nothing comes",
  }[status];
  return `${label}: ${known}, as of ${carriersCheckedOn}`;
}
