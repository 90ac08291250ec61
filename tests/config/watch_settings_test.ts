/** Changes of the real files, with the real clock, noticed once each. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Clock, deadline, systemClock } from "../../src/clock.ts";
import { watchSettings } from "../../src/config/watch_settings.ts";
import { temporaryFolder, write } from "./support.ts";

const clock = systemClock({ bootId: "test" });
const quietMilliseconds = 40;
/** Longer than any news takes that comes. */
const silenceMilliseconds = 400;

class Watched implements AsyncDisposable {
  readonly #ended = new AbortController();
  readonly #changes: AsyncGenerator<void>;
  #next: Promise<"changed" | "ended"> | undefined;

  constructor(path: string, options: { clock?: Clock; pollMilliseconds?: number } = {}) {
    this.#changes = watchSettings(path, { signal: this.#ended.signal, clock, quietMilliseconds, ...options });
  }

  /** Whether a change is told within the time. */
  async hasNews(milliseconds: number): Promise<boolean> {
    this.#next ??= this.#changes.next().then(({ done }) => done ? "ended" : "changed");
    using late = deadline(clock, milliseconds);
    const lateness = new Promise<"late">((resolve) => late.addEventListener("abort", () => resolve("late")));
    const first = await Promise.race([this.#next, lateness]);
    if (first !== "late") this.#next = undefined;
    return first === "changed";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#next;
    await this.#changes.return(undefined);
  }
}

async function withFiles(run: (files: { path: string; secrets: string; folder: string }) => Promise<void>) {
  await using folder = await temporaryFolder();
  const [path, secrets] = [join(folder.path, "filagram.yaml"), join(folder.path, "secrets.yaml")];
  await write(path, "a: 1\n", 0o600);
  await write(secrets, "b: 2\n", 0o600);
  await run({ path, secrets, folder: folder.path });
}

Deno.test("watchSettings() tells a change of either file, once", () =>
  withFiles(async ({ path, secrets }) => {
    await using watched = new Watched(path);
    assert.equal(await watched.hasNews(silenceMilliseconds), false);
    await Deno.writeTextFile(path, "a: 2\n");
    assert.equal(await watched.hasNews(5000), true);
    assert.equal(await watched.hasNews(silenceMilliseconds), false);
    await Deno.writeTextFile(secrets, "b: 3\n");
    assert.equal(await watched.hasNews(5000), true);
    assert.equal(await watched.hasNews(silenceMilliseconds), false);
  }));

Deno.test("watchSettings() tells nothing when the same is saved again, or another file changes", () =>
  withFiles(async ({ path, folder }) => {
    await using watched = new Watched(path);
    assert.equal(await watched.hasNews(100), false);
    await Deno.writeTextFile(path, "a: 1\n");
    await Deno.utime(path, 1, 1);
    await Deno.writeTextFile(join(folder, "other.yaml"), "x");
    assert.equal(await watched.hasNews(silenceMilliseconds), false);
  }));

Deno.test("watchSettings() tells that others may no longer read the secrets", () =>
  withFiles(async ({ path, secrets }) => {
    await Deno.chmod(secrets, 0o644);
    await using watched = new Watched(path);
    assert.equal(await watched.hasNews(100), false);
    await Deno.chmod(secrets, 0o600);
    assert.equal(await watched.hasNews(5000), true);
  }));

Deno.test("watchSettings() outlives editors that rename, remove and write in steps, and tells once", () =>
  withFiles(async ({ path, folder }) => {
    await using watched = new Watched(path);
    assert.equal(await watched.hasNews(100), false);
    for (const text of ["a: 3\n", "a: 4\n"]) {
      await Deno.rename(path, `${path}~`);
      await write(join(folder, ".new"), text, 0o600);
      await Deno.rename(join(folder, ".new"), path);
      assert.equal(await watched.hasNews(5000), true);
      assert.equal(await watched.hasNews(silenceMilliseconds), false);
    }
    await Deno.remove(path);
    assert.equal(await watched.hasNews(silenceMilliseconds), false);
    await Deno.writeTextFile(path, ""); // an editor that empties the file first
    assert.equal(await watched.hasNews(silenceMilliseconds), false);
    await write(path, "a: 5\n", 0o600);
    assert.equal(await watched.hasNews(5000), true);
  }));

Deno.test("watchSettings() counts from its call, not from the first look at what it tells", () =>
  withFiles(async ({ path }) => {
    await using watched = new Watched(path);
    await clock.sleep(100);
    await Deno.writeTextFile(path, "a: 6\n");
    assert.equal(await watched.hasNews(5000), true);
  }));

Deno.test("watchSettings() looks by itself where the system says nothing", () =>
  withFiles(async ({ path, folder }) => {
    // The watched folder is moved away and another takes its place: the watch goes with the old one.
    await using watched = new Watched(path, { pollMilliseconds: 200 });
    assert.equal(await watched.hasNews(100), false);
    const moved = `${folder}-moved`;
    await Deno.rename(folder, moved);
    await Deno.mkdir(folder);
    await write(path, "a: 7\n", 0o600);
    assert.equal(await watched.hasNews(5000), true);
    await write(path, "a: 8\n", 0o600);
    assert.equal(await watched.hasNews(5000), true);
    await Deno.remove(moved, { recursive: true });
  }));

Deno.test("watchSettings() ends with its signal", async () =>
  await withFiles(async ({ path }) => {
    const ended = new AbortController();
    const changes = watchSettings(path, { signal: ended.signal, clock });
    const next = changes.next();
    ended.abort();
    assert.equal((await next).done, true);
  }));
