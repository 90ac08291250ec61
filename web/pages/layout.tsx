/**
 * What all pages share.
 */
import type { Child } from "hono/jsx";

export interface LayoutProps {
  readonly title: string;
  /** The bundle was built. */
  readonly hasClient?: boolean;
  readonly logOutToken?: string | undefined;
  readonly footer?: string;
  readonly children?: Child;
}

/** A whole page as text. */
export function page(props: LayoutProps): string {
  return `<!doctype html>${<Layout {...props} />}`;
}

function Layout({ title, hasClient, logOutToken, footer, children }: LayoutProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="icon" href="/static/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/static/style.css" />
        {hasClient ? <script type="module" src="/static/client.js"></script> : null}
      </head>
      <body>
        <header>
          <a class="home" href="/">{title}</a>
          {/* filled by the client while it cannot reach the agent */}
          <p id="connection" role="status"></p>
          {logOutToken === undefined ? null : (
            <form method="post" action="/logout">
              <input type="hidden" name="token" value={logOutToken} />
              <button class="plain" type="submit">Log out</button>
            </form>
          )}
        </header>
        <main>{children}</main>
        <footer>{footer ?? "Filagram"}</footer>
      </body>
    </html>
  );
}
