/**
 * The steps of a test or a check, drawn as they happen; the client draws the same.
 */
import type { TestStep } from "../deps.ts";
import { page } from "./layout.tsx";

/** Where the steps go in a page that is sent while the test runs. */
const stepsGoHere = "<!--steps-->";

export interface StepsPageProps {
  readonly agent: string;
  readonly title: string;
  readonly logOutToken: string | undefined;
}

/** The page before the first step and after the last one. */
export function stepsPage({ agent, title, logOutToken }: StepsPageProps): { before: string; after: string } {
  const text = page({
    title: agent,
    logOutToken,
    children: (
      <section>
        <h1>{title}</h1>
        <ol class="steps" aria-live="polite" dangerouslySetInnerHTML={{ __html: stepsGoHere }} />
        <p>
          <a href="/">Back</a>
        </p>
      </section>
    ),
  });
  const [before = "", after = ""] = text.split(stepsGoHere);
  return { before, after };
}

export function stepItem({ name, isOk, detail }: TestStep): string {
  return String(
    <li class={isOk ? "ok" : "bad"}>
      <b>{name}</b> {detail}
    </li>,
  );
}
