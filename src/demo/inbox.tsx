/**
 * The demo's mail program: shows what the sink received as its owner would see it. The HTML of a mail lives in a sandbox of its own,
 * without scripts and without network.
 */
import { type Context, Hono } from "hono";
import { raw } from "hono/html";
import { streamSSE } from "hono/streaming";
import type { ParsedMail } from "mailparser";
import { inboxScript, inboxStyle } from "./inbox_look.ts";
import type { ReceivedMail, SmtpSink } from "./smtp_sink.ts";

type Tab = "html" | "text" | "headers";

export interface InboxOptions {
  readonly sink: Pick<SmtpSink, "mails" | "changes">;
  /** Where the app is mounted: `/inbox`. */
  readonly base: string;
  readonly timezone?: string;
}

/** On all answers but a mail's own HTML, which has stricter ones. */
const pageHeaders = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; " +
    "frame-ancestors 'self'; form-action 'none'; base-uri 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

/** Mount it with `app.route(base, createInbox(…))`. */
export function createInbox({ sink, base, timezone = "UTC" }: InboxOptions): Hono {
  const app = new Hono();
  const find = (context: Context) => sink.mails.find((mail) => String(mail.number) === context.req.param("number"));
  const shown = { base, timezone };

  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(pageHeaders)) {
      if (!context.res.headers.has(name)) context.res.headers.set(name, value);
    }
  });
  app.get("/", (context) => context.html(<InboxPage {...shown} mails={sink.mails} />));
  app.get("/style.css", (context) => context.body(inboxStyle, 200, { "content-type": "text/css; charset=utf-8" }));
  app.get(
    "/script.js",
    (context) => context.body(inboxScript, 200, { "content-type": "text/javascript; charset=utf-8" }),
  );
  app.get(
    "/list",
    (context) => context.html(<MailList {...shown} mails={sink.mails} chosen={context.req.query("chosen") ?? ""} />),
  );
  app.get("/live", (context) =>
    streamSSE(context, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      const changes = sink.changes(gone.signal)[Symbol.asyncIterator]();
      // Asked for before the first word, so that no mail falls between the two.
      for (let next = changes.next();; next = changes.next()) {
        await stream.writeSSE({ event: "mails", data: String(sink.mails.length) });
        if ((await next).done) return;
      }
    }));
  app.get("/mails/:number/body", (context) => {
    const mail = find(context);
    return mail ? mailDocument(mail.parsed) : context.notFound();
  });
  app.get("/mails/:number/raw", (context) => {
    const mail = find(context);
    if (!mail) return context.notFound();
    return context.body(new Uint8Array(mail.raw), 200, { "content-type": "text/plain; charset=utf-8" });
  });
  for (const tab of ["html", "text", "headers"] satisfies Tab[]) {
    app.get(tab === "html" ? "/mails/:number" : `/mails/:number/${tab}`, (context) => {
      const mail = find(context);
      if (!mail) return context.notFound();
      return context.html(
        <InboxPage
          {...shown}
          mails={sink.mails}
          chosen={mail}
          tab={mail.parsed.html ? tab : tab === "html" ? "text" : tab}
        />,
      );
    });
  }
  return app;
}

/** The mail's own HTML; the policy is the second wall behind the sandbox of the frame. */
function mailDocument(mail: ParsedMail): Response {
  return new Response(withPictures(mail), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox",
    },
  });
}

/** `cid:` pictures as `data:` addresses, so that the sandbox needs no network. */
function withPictures(mail: ParsedMail): string {
  let html = mail.html || "";
  for (const { cid, contentType, content } of mail.attachments) {
    if (cid) html = html.replaceAll(`cid:${cid}`, `data:${contentType};base64,${content.toString("base64")}`);
  }
  return html;
}

interface Shown {
  readonly base: string;
  readonly timezone: string;
}

function InboxPage(
  { base, timezone, mails, chosen, tab = "html" }: Shown & {
    mails: readonly ReceivedMail[];
    chosen?: ReceivedMail;
    tab?: Tab;
  },
) {
  return (
    <>
      {raw("<!doctype html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>Inbox of the demo</title>
          <link rel="stylesheet" href={`${base}/style.css`} />
        </head>
        <body data-base={base} data-chosen={chosen ? String(chosen.number) : ""}>
          <header>
            <h1>Inbox</h1>
            <p>
              <span id="count">{mails.length}</span>{" "}
              mails. A local stand-in for your mail program: nothing leaves this computer.{" "}
              <a href="/">The agent's own page</a>
            </p>
          </header>
          <main>
            <nav aria-label="Mails">
              <MailList base={base} timezone={timezone} mails={mails} chosen={chosen ? String(chosen.number) : ""} />
            </nav>
            {chosen
              ? <OpenMail base={base} timezone={timezone} mail={chosen} tab={tab} />
              : <p class="empty">The first mail arrives when the print starts.</p>}
          </main>
          <script src={`${base}/script.js`} defer></script>
        </body>
      </html>
    </>
  );
}

function MailList(
  { base, timezone, mails, chosen }: Shown & { mails: readonly ReceivedMail[]; chosen: string },
) {
  if (mails.length === 0) return <p class="empty">No mail yet</p>;
  const threads = threadNumbers(mails);
  return (
    <ol data-count={String(mails.length)}>
      {mails.toReversed().map((mail) => (
        <li>
          <a
            href={`${base}/mails/${mail.number}`}
            {...(String(mail.number) === chosen ? { "aria-current": "true" } : {})}
          >
            <span class="from">{mail.parsed.from?.value[0]?.name || mail.sender}</span>
            <time class="when">{timeText(mail, timezone)}</time>
            <span class="subject">{mail.parsed.subject ?? "(no subject)"}</span>
            <span class="thread">{threads.get(mail) ?? ""}</span>
            <span class="first">{firstLine(mail.parsed)}</span>
          </a>
        </li>
      ))}
    </ol>
  );
}

function OpenMail({ base, timezone, mail, tab }: Shown & { mail: ReceivedMail; tab: Tab }) {
  const here = `${base}/mails/${mail.number}`;
  const tabs: [Tab, string, string][] = [["text", "Plain text", `${here}/text`], [
    "headers",
    "Headers",
    `${here}/headers`,
  ]];
  if (mail.parsed.html) tabs.unshift(["html", "Mail", here]);
  return (
    <article>
      <div class="top">
        <h2>{mail.parsed.subject ?? "(no subject)"}</h2>
        <p>
          {mail.parsed.from?.text ?? mail.sender} to {mail.recipients.join(", ")}, {timeText(mail, timezone)}
        </p>
      </div>
      <div class="tabs" role="navigation" aria-label="How to show this mail">
        {tabs.map(([name, label, href]) => (
          <a href={href} {...(name === tab ? { "aria-current": "page" } : {})}>{label}</a>
        ))}
        <a href={`${here}/raw`}>Source</a>
      </div>
      <div class="body">
        {tab === "html"
          ? <iframe src={`${here}/body`} sandbox="" title={mail.parsed.subject ?? "Mail"}></iframe>
          : <pre>{tab === "text" ? mail.parsed.text ?? "" : headerText(mail)}</pre>}
      </div>
    </article>
  );
}

/** `2 of 5` for mails of one thread: those that refer to the same first mail. */
function threadNumbers(mails: readonly ReceivedMail[]): Map<ReceivedMail, string> {
  const threads = Map.groupBy(mails, (mail) => rootOf(mail.parsed) ?? `no thread ${mail.number}`);
  const numbers = new Map<ReceivedMail, string>();
  for (const thread of threads.values()) {
    if (thread.length < 2) continue;
    for (const [index, mail] of thread.entries()) numbers.set(mail, `${index + 1} of ${thread.length}`);
  }
  return numbers;
}

function rootOf(mail: ParsedMail): string | undefined {
  const references = typeof mail.references === "string" ? [mail.references] : mail.references;
  return references?.[0] ?? mail.inReplyTo ?? mail.messageId;
}

function headerText(mail: ReceivedMail): string {
  const text = new TextDecoder().decode(mail.raw);
  const end = text.search(/\r?\n\r?\n/);
  return end < 0 ? text : text.slice(0, end);
}

function firstLine(mail: ParsedMail): string {
  return mail.text?.split("\n").find((line) => line.trim() !== "")?.trim() ?? "";
}

function timeText(mail: ReceivedMail, timezone: string): string {
  return mail.receivedAt.toZonedDateTimeISO(timezone).toPlainTime().toString({ smallestUnit: "second" });
}
