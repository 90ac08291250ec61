/**
 * Fetches the page again when the agent says that something changed, and puts the new parts in the place of the old.
 */

/** Temperatures come every two seconds; nobody reads faster. */
const leastPauseMilliseconds = 700;
const retryMilliseconds = 5000;

let timer: ReturnType<typeof setTimeout> | undefined;
let isRefreshing = false;

export function follow(): void {
  const status = document.getElementById("connection");
  const live = new EventSource("/api/v1/live");
  for (const kind of ["printer", "event", "delivery", "settings"]) live.addEventListener(kind, refreshSoon);
  live.onopen = () => {
    if (status) status.textContent = "";
    refreshSoon();
  };
  live.onerror = () => {
    if (status) status.textContent = "Connection lost, trying again …";
    if (live.readyState !== EventSource.CLOSED) return;
    setTimeout(() => { // refused: perhaps the session is over, perhaps too many listen
      refreshSoon();
      follow();
    }, retryMilliseconds);
  };
  document.addEventListener("visibilitychange", refreshSoon);
}

function refreshSoon(): void {
  if (timer !== undefined || document.hidden) return;
  timer = setTimeout(async () => {
    timer = undefined;
    if (isRefreshing) return refreshSoon();
    isRefreshing = true;
    await refresh().catch(() => {}); // the stream says when the agent is back
    isRefreshing = false;
  }, leastPauseMilliseconds);
}

async function refresh(): Promise<void> {
  const answer = await fetch("/", { headers: { accept: "text/html" } });
  if (answer.redirected) return location.reload(); // to the login form
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const freshPart = fresh.getElementById(part.id);
    if (freshPart) replaceChanged(part, freshPart);
  }
}

/** Children are told apart by their id: what did not change stays as it is, with focus and selection. */
function replaceChanged(old: Element, fresh: Element): void {
  const focused = document.activeElement?.id;
  const kept = new Map([...old.children].map((child) => [child.id, child]));
  const children = [...fresh.children].map((child) => {
    const present = kept.get(child.id);
    return present?.isEqualNode(child) ? present : document.importNode(child, true);
  });
  if (children.length === old.children.length && children.every((child, index) => child === old.children[index])) {
    return;
  }
  children.forEach((child, index) => {
    if (old.children[index] !== child) old.insertBefore(child, old.children[index] ?? null);
  });
  while (old.children.length > children.length) old.lastElementChild?.remove();
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
}
