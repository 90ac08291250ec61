/**
 * The few files of the page, from `web/static`; `client.js` is built (`deno task build:client`) and may be missing.
 */
import { Hono } from "hono";
import { etag } from "hono/etag";
import type { WebEnv } from "./visitor.ts";

const mediaTypes = {
  "style.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
  "client.js": "text/javascript; charset=utf-8",
} as const;

const folder = new URL("static/", import.meta.url);

/** Whether the page can have its script; without it, it reads and tests all the same. */
export function hasClient(): boolean {
  try {
    return Deno.statSync(new URL("client.js", folder)).isFile;
  } catch {
    return false;
  }
}

export function staticRoutes(): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  app.use(etag());
  for (const [name, mediaType] of Object.entries(mediaTypes)) {
    app.get(`/${name}`, async (c) => {
      const bytes = await Deno.readFile(new URL(name, folder)).catch(() => undefined);
      if (!bytes) return c.notFound();
      return c.body(bytes, 200, { "content-type": mediaType, "cache-control": "no-cache" });
    });
  }
  return app;
}
