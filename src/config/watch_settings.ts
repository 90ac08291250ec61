/**
 * Notices that filagram.yaml or secrets.yaml really changed: not that somebody saved the same again, and not in the
 * moment in which an editor has moved the old file away.
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { type Clock, Wake } from "../clock.ts";
import { readTextFile, secretsPathOf } from "./settings_text.ts";

export interface WatchSettingsOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** How long a folder must be quiet: an editor writes, syncs and renames in several steps. */
  readonly quietMilliseconds?: number;
  /** Looked at so often even without word from the system: network folders and replaced folders send none. */
  readonly pollMilliseconds?: number;
}

/** Writing without a pause holds up the news no longer than this many quiet times. */
const maxQuietTimes = 20;

/**
 * Yields after each change, until the signal aborts. Changes are counted from the moment of the call: call it before
 * reading the settings, and none is missed.
 */
export function watchSettings(path: string, options: WatchSettingsOptions): AsyncGenerator<void> {
  return changesSince(contentHash(path), path, options);
}

async function* changesSince(
  first: Promise<string | undefined>,
  path: string,
  options: WatchSettingsOptions,
): AsyncGenerator<void> {
  const { signal, clock, quietMilliseconds = 250, pollMilliseconds = 15_000 } = options;
  const touched = new Wake();
  let touches = 0;
  using watcher = watchFolder(dirname(path), () => {
    touches++;
    touched.wake();
  });
  let seen = await first;
  touched.wake(); // what changed before the watch began
  while (!signal.aborted) {
    // Without a watcher the look at the clock is all there is.
    await touched.wait(clock, watcher.isWatching() ? pollMilliseconds : Math.min(pollMilliseconds, 2000), signal);
    for (let times = 0, before = -1; before !== touches && times < maxQuietTimes && !signal.aborted; times++) {
      before = touches;
      await clock.sleep(quietMilliseconds, signal);
    }
    if (signal.aborted) return;
    const now = await contentHash(path);
    if (now === undefined || now === seen) continue;
    seen = now;
    yield;
  }
}

/** Of both files, with who may read them; undefined while there is no filagram.yaml, or an empty one. */
async function contentHash(path: string): Promise<string | undefined> {
  const settings = await readTextFile(path);
  if (settings.kind === "missing" || settings.kind === "text" && settings.text === "") return undefined;
  const files = [settings, await readTextFile(secretsPathOf(path))];
  return createHash("sha256").update(JSON.stringify(files)).digest("hex");
}

interface FolderWatch extends Disposable {
  isWatching(): boolean;
}

/** The folder, not the file: a file that is renamed over would take its watch with it. */
function watchFolder(folder: string, onTouch: () => void): FolderWatch {
  let watcher: Deno.FsWatcher | undefined;
  try {
    watcher = Deno.watchFs(folder, { recursive: false });
  } catch {
    // No more inotify watches, or no such folder: polling does it, more slowly.
  }
  const listen = async () => {
    if (!watcher) return;
    for await (const event of watcher) if (event.kind !== "access") onTouch();
  };
  listen().catch(() => {}).finally(() => watcher = undefined);
  return {
    isWatching: () => watcher !== undefined,
    [Symbol.dispose]: () => watcher?.close(),
  };
}
