/**
 * The door.
 */
import { page } from "./layout.tsx";

export interface LoginProps {
  readonly agent: string;
  readonly token: string;
  /** Where to go afterwards: a path of ours. */
  readonly next: string;
  readonly problem?: string;
}

export function loginPage({ agent, token, next, problem }: LoginProps): string {
  return page({
    title: agent,
    children: (
      <form class="login" method="post" action="/login">
        <h1>Log in</h1>
        {problem === undefined ? null : <p class="problem" role="alert">{problem}</p>}
        <input type="hidden" name="token" value={token} />
        <input type="hidden" name="next" value={next} />
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required autofocus />
        <button type="submit">Log in</button>
        <p class="quiet">
          Forgotten? On the machine itself: <code>filagram password</code>
        </p>
      </form>
    ),
  });
}

/** Asks for the same page again, this time from a page of ours. `path` is a path of ours too. */
export function detourPage(path: string): string {
  return `<!doctype html>${(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="refresh" content={`0;url=${path}`} />
        <title>Filagram</title>
      </head>
      <body>
        <p>
          <a href={path}>Go on</a>
        </p>
      </body>
    </html>
  )}`;
}
