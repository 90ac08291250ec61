/**
 * The steps of a test or a check under its buttons, as they happen.
 */
import type { CheckReport, TestStep } from "../deps.ts";

export function showTests(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-steps]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const path = event.submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? "";
      void test(form, path);
    });
  }
}

async function test(form: HTMLFormElement, path: string): Promise<void> {
  const list = form.parentElement?.querySelector<HTMLElement>(".steps");
  const buttons = [...form.querySelectorAll("button")];
  if (!list || buttons.some(({ disabled }) => disabled)) return;
  for (const button of buttons) button.disabled = true;
  list.hidden = false;
  list.replaceChildren();
  const running = item("running", "", "under way");
  list.append(running);
  try {
    for await (const { name, isOk, detail } of steps(form, path)) {
      running.before(item(isOk ? "ok" : "bad", name, detail));
    }
  } catch (error) {
    running.before(item("bad", "stopped", error instanceof Error ? error.message : String(error)));
  } finally {
    running.remove();
    for (const button of buttons) button.disabled = false;
  }
}

async function* steps(form: HTMLFormElement, path: string): AsyncGenerator<TestStep> {
  const fields = new FormData(form);
  const answer = await fetch(`/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-filagram-token": String(fields.get("token")) },
    body: JSON.stringify({ channel: fields.get("channel") }),
  });
  if (!answer.ok || !answer.body) {
    const { error } = await answer.json().catch(() => ({ error: `the agent answered ${answer.status}` }));
    throw new Error(error);
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line) yield stepOf(JSON.parse(line));
  }
}

function stepOf(said: TestStep | CheckReport): TestStep {
  return "step" in said ? said.step : said;
}

function item(kind: string, name: string, detail: string): HTMLLIElement {
  const element = document.createElement("li");
  element.className = kind;
  const bold = document.createElement("b");
  bold.textContent = name;
  element.append(bold, ` ${detail}`);
  return element;
}
