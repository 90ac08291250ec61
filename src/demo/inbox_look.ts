/**
 * Style and script of the demo's inbox.
 */
export const inboxStyle = `
:root { color-scheme: light dark; --page: #f4f5f7; --pane: #fff; --line: #dfe2e8; --text: #1d2330; --quiet: #667085; --accent: #2457d6; --chosen: #e6edff; }
@media (prefers-color-scheme: dark) {
  :root { --page: #12151b; --pane: #1a1e27; --line: #2c3240; --text: #e7eaf0; --quiet: #98a1b3; --accent: #8fb0ff; --chosen: #243253; }
}
* { box-sizing: border-box; }
body { margin: 0; height: 100vh; display: grid; grid-template-rows: auto 1fr; background: var(--page); color: var(--text);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header { display: flex; align-items: baseline; gap: 12px; padding: 12px 20px; border-bottom: 1px solid var(--line); background: var(--pane); }
h1 { font-size: 17px; margin: 0; }
header p { margin: 0; color: var(--quiet); }
main { display: grid; grid-template-columns: minmax(260px, 380px) 1fr; min-height: 0; }
nav { overflow: auto; border-right: 1px solid var(--line); background: var(--pane); }
nav ol { list-style: none; margin: 0; padding: 0; }
nav a { display: grid; grid-template-columns: 1fr auto; gap: 2px 10px; padding: 11px 18px; color: inherit; text-decoration: none;
  border-bottom: 1px solid var(--line); border-left: 3px solid transparent; }
nav a:hover { background: color-mix(in srgb, var(--chosen) 45%, transparent); }
nav a:focus-visible, .tabs a:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
nav a[aria-current] { background: var(--chosen); border-left-color: var(--accent); }
.from { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.when, .thread { color: var(--quiet); font-size: 13px; font-variant-numeric: tabular-nums; text-align: right; }
.subject, .first { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.first { color: var(--quiet); }
.empty { padding: 40px 24px; color: var(--quiet); text-align: center; }
article { display: grid; grid-template-rows: auto auto 1fr; min-height: 0; min-width: 0; }
.top { padding: 18px 24px 10px; }
.top h2 { margin: 0 0 6px; font-size: 20px; overflow-wrap: anywhere; }
.top p { margin: 0; color: var(--quiet); overflow-wrap: anywhere; }
.tabs { display: flex; gap: 4px; padding: 0 20px; border-bottom: 1px solid var(--line); }
.tabs a { padding: 8px 12px; color: var(--quiet); text-decoration: none; border-bottom: 2px solid transparent; margin-bottom: -1px; }
.tabs a[aria-current] { color: var(--text); border-bottom-color: var(--accent); }
.body { overflow: auto; min-height: 0; }
iframe { display: block; width: 100%; height: 100%; border: 0; background: Canvas; }
pre { margin: 0; padding: 20px 24px; white-space: pre-wrap; overflow-wrap: anywhere; font: 13.5px/1.55 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
@media (max-width: 760px) {
  main { grid-template-columns: 1fr; grid-template-rows: minmax(120px, 34vh) 1fr; }
  nav { border-right: 0; border-bottom: 1px solid var(--line); }
}
`;

/** Fetches the list anew whenever a mail has come; opens the first one by itself. */
export const inboxScript = `
const list = document.querySelector("nav");
const count = document.querySelector("#count");
const base = document.body.dataset.base;
const chosen = document.body.dataset.chosen;
new EventSource(base + "/live").addEventListener("mails", async () => {
  const answer = await fetch(base + "/list?chosen=" + encodeURIComponent(chosen));
  if (!answer.ok) return;
  list.innerHTML = await answer.text();
  count.textContent = list.querySelector("ol")?.dataset.count ?? "";
  const newest = list.querySelector("a");
  if (!chosen && newest) location.replace(newest.href);
});
`;
