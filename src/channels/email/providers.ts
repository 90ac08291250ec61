/**
 * Mail providers whose settings are known. Hosts and ports: Thunderbird's autoconfig database (12 March 2026) and
 * nodemailer's list (10.6.0); passwords: the providers' help pages, November 2026.
 */
export interface MailProvider {
  readonly label: string;
  readonly host: string;
  readonly port: number;
  readonly tls: "starttls" | "implicit";
  /** What to put under `password` and where to get it. */
  readonly passwordHint: string;
  /** The user is always this. */
  readonly user?: string;
  /** The user is the address without its domain. */
  readonly isUserLocalPart?: true;
  /** Its app passwords are shown with spaces that are not part of them. */
  readonly hasSpacedPasswords?: true;
  /** Why it cannot be used; the sentence says what to do instead. */
  readonly refusal?: string;
}

const ownPassword = "it takes the password of the account; if two-factor login is on, make an app password there";

export const mailProviders = {
  gmail: {
    label: "Gmail",
    host: "smtp.gmail.com",
    port: 465,
    tls: "implicit",
    hasSpacedPasswords: true,
    passwordHint: "make an app password at myaccount.google.com/apppasswords (needs 2-Step Verification)",
  },
  workspace_relay: {
    label: "Google Workspace relay",
    host: "smtp-relay.gmail.com",
    port: 587,
    tls: "starttls",
    hasSpacedPasswords: true,
    passwordHint: "allow this network in the Admin console (Gmail, Routing, SMTP relay), or make an app password",
  },
  outlook: {
    label: "Outlook.com, Hotmail, Live",
    host: "smtp-mail.outlook.com",
    port: 587,
    tls: "starttls",
    passwordHint: "Outlook.com takes no passwords from programs",
    refusal: "Outlook.com takes no passwords from programs since September 2024; send through another provider, " +
      "to: may still be your Outlook address",
  },
  microsoft365: {
    label: "Microsoft 365 (work or school)",
    host: "smtp.office365.com",
    port: 587,
    tls: "starttls",
    passwordHint: "the administrator must allow SMTP AUTH for the mailbox; Microsoft switches passwords off at the " +
      "end of December 2026",
  },
  yahoo: {
    label: "Yahoo",
    host: "smtp.mail.yahoo.com",
    port: 465,
    tls: "implicit",
    hasSpacedPasswords: true,
    passwordHint: "make an app password at login.yahoo.com under Account Security",
  },
  aol: {
    label: "AOL, verizon.net",
    host: "smtp.aol.com",
    port: 465,
    tls: "implicit",
    hasSpacedPasswords: true,
    passwordHint: "make an app password at login.aol.com under Account Security",
  },
  att: {
    label: "AT&T mail",
    host: "smtp.mail.att.net",
    port: 465,
    tls: "implicit",
    hasSpacedPasswords: true,
    passwordHint: "make a secure mail key in your AT&T profile",
  },
  comcast: {
    label: "Comcast, Xfinity",
    host: "smtp.comcast.net",
    port: 465,
    tls: "implicit",
    passwordHint: "allow third-party mail programs in the Xfinity mail settings; if your mailbox has moved to Yahoo, " +
      "set provider: yahoo",
  },
  icloud: {
    label: "iCloud",
    host: "smtp.mail.me.com",
    port: 587,
    tls: "starttls",
    passwordHint: "make an app-specific password at account.apple.com (needs two-factor authentication)",
  },
  fastmail: {
    label: "Fastmail",
    host: "smtp.fastmail.com",
    port: 465,
    tls: "implicit",
    hasSpacedPasswords: true,
    passwordHint: "make an app password in Settings, Privacy & Security",
  },
  zoho: {
    label: "Zoho (for .eu, .in and .com.au set host too)",
    host: "smtp.zoho.com",
    port: 465,
    tls: "implicit",
    passwordHint: "make an app-specific password at accounts.zoho.com under Security",
  },
  gmx: {
    label: "GMX.de (GMX.com: set host: mail.gmx.com)",
    host: "mail.gmx.net",
    port: 587,
    tls: "starttls",
    passwordHint: "first allow POP3/IMAP access in GMX's settings; with two-factor login make an app-specific password",
  },
  mail_com: {
    label: "mail.com",
    host: "smtp.mail.com",
    port: 587,
    tls: "starttls",
    passwordHint: "first allow POP3/IMAP access in mail.com's settings (may need a paid plan)",
  },
  web_de: {
    label: "WEB.DE",
    host: "smtp.web.de",
    port: 587,
    tls: "starttls",
    isUserLocalPart: true,
    passwordHint: "first allow POP3/IMAP access in WEB.DE's settings",
  },
  posteo: { label: "Posteo", host: "posteo.de", port: 465, tls: "implicit", passwordHint: ownPassword },
  t_online: {
    label: "T-Online",
    host: "securesmtp.t-online.de",
    port: 465,
    tls: "implicit",
    passwordHint: "make a mail password (not the login of the customer centre) in T-Online's settings",
  },
  orange_fr: { label: "Orange (FR)", host: "smtp.orange.fr", port: 465, tls: "implicit", passwordHint: ownPassword },
  free_fr: {
    label: "Free (FR)",
    host: "smtp.free.fr",
    port: 465,
    tls: "implicit",
    isUserLocalPart: true,
    passwordHint: ownPassword,
  },
  bt: { label: "BT", host: "mail.btinternet.com", port: 465, tls: "implicit", passwordHint: ownPassword },
  virgin_media: {
    label: "Virgin Media",
    host: "smtp.virginmedia.com",
    port: 465,
    tls: "implicit",
    passwordHint: ownPassword,
  },
  proton: {
    label: "Proton (SMTP token)",
    host: "smtp.protonmail.ch",
    port: 587,
    tls: "starttls",
    passwordHint: "make an SMTP token in Proton's settings (paid plans with an own domain); or run Proton Bridge",
  },
  proton_bridge: {
    label: "Proton Bridge on this board",
    host: "127.0.0.1",
    port: 1025,
    tls: "starttls",
    passwordHint: "copy the password that Bridge shows, and pin its certificate with fingerprint256",
  },
  sendgrid: {
    label: "SendGrid",
    host: "smtp.sendgrid.net",
    port: 587,
    tls: "starttls",
    user: "apikey",
    passwordHint: "the password is an API key from SendGrid's settings",
  },
  mailgun: {
    label: "Mailgun (EU: set host: smtp.eu.mailgun.org)",
    host: "smtp.mailgun.org",
    port: 587,
    tls: "starttls",
    passwordHint: "user and password are the SMTP credentials of your sending domain at Mailgun",
  },
  ses: {
    label: "Amazon SES (other regions: set host)",
    host: "email-smtp.us-east-1.amazonaws.com",
    port: 587,
    tls: "starttls",
    passwordHint: "make SMTP credentials in the SES console of your region (IAM keys do not work)",
  },
  brevo: {
    label: "Brevo",
    host: "smtp-relay.brevo.com",
    port: 587,
    tls: "starttls",
    passwordHint: "the password is an SMTP key from Brevo's SMTP & API page",
  },
  postmark: {
    label: "Postmark",
    host: "smtp.postmarkapp.com",
    port: 587,
    tls: "starttls",
    passwordHint: "user and password are both the server token",
  },
  smtp2go: {
    label: "SMTP2GO",
    host: "mail.smtp2go.com",
    port: 587,
    tls: "starttls",
    passwordHint: "make an SMTP user in SMTP2GO's settings; if port 587 is blocked, set port: 2525",
  },
  resend: {
    label: "Resend",
    host: "smtp.resend.com",
    port: 465,
    tls: "implicit",
    user: "resend",
    passwordHint: "the password is an API key from resend.com",
  },
} as const satisfies Record<string, MailProvider>;

export type MailProviderId = keyof typeof mailProviders;
export const mailProviderIds = Object.keys(mailProviders) as [MailProviderId, ...MailProviderId[]];

/** The provider by its id, or by a host that is one's. */
export function findProvider(id: MailProviderId | undefined, host: string | undefined): MailProvider | undefined {
  const all: readonly MailProvider[] = Object.values(mailProviders);
  return id ? mailProviders[id] : all.find((provider) => provider.host === host?.toLowerCase());
}
