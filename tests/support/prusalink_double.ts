/**
 * A PrusaLink in this process, on a real port: the Buddy firmware of an MK4 or the one on a Pi, as `facts/protocols.md` 4 and
 * `facts/prusalink-lab.md` describe them, with their logins, their shapes and their odd corners. The test plays the printer.
 */
import { createHash, randomBytes } from "node:crypto";

export interface DoubleOptions {
  readonly variant: "buddy" | "pi";
  readonly user?: string;
  readonly password?: string;
  readonly apiKey?: string;
}

export interface DoubleFile {
  /** Under the storage: `sub/A~1.GCO`. */
  readonly path: string;
  readonly displayName?: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly thumbnail?: Uint8Array<ArrayBuffer>;
  readonly meta?: Readonly<Record<string, unknown>>;
}

interface DoubleJob {
  readonly id: number;
  readonly file: DoubleFile;
  progress: number;
  time_remaining?: number;
  time_printing?: number;
}

const md5 = (text: string) => createHash("md5").update(text).digest("hex");

export class PrusaLinkDouble implements AsyncDisposable {
  readonly #options: Required<Omit<DoubleOptions, "apiKey">> & { readonly apiKey: string | undefined };
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #nonce = randomBytes(8).toString("hex");
  /** Each request: `GET /api/v1/status 401`. */
  readonly requests: string[] = [];
  readonly files: DoubleFile[] = [];
  state = "IDLE";
  job: DoubleJob | undefined;
  transfer: { readonly id: number; readonly file: DoubleFile; progress: number } | undefined;
  /** Pi: what PrusaLink says of the printer. */
  trouble: string | undefined;
  temperatures: { nozzle: number; bed: number } | undefined = { nozzle: 24, bed: 24 };
  /** Pi: the camera's last picture; undefined: none taken yet. */
  photo: { readonly bytes: Uint8Array<ArrayBuffer>; readonly ageSeconds: number } | undefined;
  /** Answers instead of the printer: an overload, another web server, garbage. */
  interfere: ((request: Request) => Response | Promise<Response> | undefined) | undefined;

  constructor({ variant, user = "maker", password = "correct horse", apiKey }: DoubleOptions) {
    this.#options = { variant, user, password, apiKey };
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => this.#answer(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** As after 300 s on Buddy, 100 s on the Pi. */
  expireNonce(): void {
    this.#nonce = randomBytes(8).toString("hex");
  }

  start(file: DoubleFile, { id }: { id: number }): void {
    if (!this.files.includes(file)) this.files.push(file);
    this.job = { id, file, progress: 0 };
    this.state = "PRINTING";
  }

  /** The job is gone at the moment it ends. */
  end(state: "FINISHED" | "STOPPED" | "ERROR" | "IDLE"): void {
    this.job = undefined;
    this.state = state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  // -- HTTP ----------------------------------------------------------------------------------------------------------

  async #answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const response = await this.interfere?.(request) ?? this.#refusal(request) ?? this.#serve(pathname, request);
    this.requests.push(`${request.method} ${pathname}${search} ${response.status}`);
    return response;
  }

  #refusal(request: Request): Response | undefined {
    const { apiKey, password, variant } = this.#options;
    const key = request.headers.get("x-api-key");
    if (key !== null && key === (apiKey ?? (variant === "buddy" ? password : undefined))) return undefined;
    if (key !== null && variant === "pi") return new Response("Bad X-Api-Key.", { status: 403 });
    const { isRight, isStale } = this.#checkDigest(request);
    if (isRight && !isStale) return undefined;
    const challenge = variant === "buddy"
      ? `Digest realm="Printer API", nonce="${this.#nonce}", stale=${isStale}`
      : `Digest realm="Administrator",qop="auth",algorithm="MD5-sess",nonce="${this.#nonce}",opaque="0011"` +
        (isStale ? ",stale=true" : "");
    return new Response("<h1>401 - Unauthorized</h1>", {
      status: 401,
      headers: { "www-authenticate": challenge, "content-type": "text/html" },
    });
  }

  #checkDigest(request: Request): { isRight: boolean; isStale: boolean } {
    const { variant, user, password } = this.#options;
    const header = request.headers.get("authorization") ?? "";
    const field = (name: string) => new RegExp(`\\b${name}="?([^",]*)"?`).exec(header)?.[1] ?? "";
    const { pathname, search } = new URL(request.url);
    if (!header.startsWith("Digest ") || field("username") !== user || field("uri") !== pathname + search) {
      return { isRight: false, isStale: false };
    }
    const realm = variant === "buddy" ? "Printer API" : "Administrator";
    const secret = md5(`${user}:${realm}:${password}`);
    const nonce = field("nonce");
    const a2 = md5(`${request.method}:${field("uri")}`);
    const expected = variant === "buddy"
      ? md5(`${secret}:${nonce}:${a2}`)
      : md5(`${md5(`${secret}:${nonce}:${field("cnonce")}`)}:${nonce}:${field("nc")}:${field("cnonce")}:auth:${a2}`);
    return { isRight: field("response") === expected, isStale: nonce !== this.#nonce };
  }

  #serve(path: string, request: Request): Response {
    if (request.method !== "GET" && request.method !== "HEAD") return new Response("no", { status: 405 });
    if (path === "/api/v1/status") return Response.json(this.#status());
    if (path === "/api/v1/job") return this.job ? Response.json(this.#jobDetails(this.job)) : nothing();
    if (path === "/api/v1/transfer") return this.transfer ? Response.json(this.#transferDetails()) : nothing();
    if (path === "/api/v1/cameras" && this.#options.variant === "pi") {
      const config = { name: "Bench camera", driver: "V4L2", path: "/dev/video0" };
      return Response.json({ camera_list: [{ camera_id: "cam 1", config, connected: true, detected: true }] });
    }
    if (path === "/api/v1/cameras/cam%201/snap") return this.#snap();
    const wanted = decodeURIComponent(path);
    for (const file of this.files) {
      if (wanted === `/api/v1/files/${this.#storage}/${file.path}`) return Response.json(this.#fileDetails(file));
      const refs = this.#refs(file);
      if (wanted === refs.download) return this.#download(file, request);
      if (wanted === refs.thumbnail && file.thumbnail) {
        return new Response(file.thumbnail, { headers: { "content-type": "image/png" } });
      }
    }
    return new Response("File Not Found\n", { status: 404 });
  }

  // -- shapes --------------------------------------------------------------------------------------------------------

  get #storage(): string {
    return this.#options.variant === "buddy" ? "usb" : "local";
  }

  #status() {
    const isBuddy = this.#options.variant === "buddy";
    const { nozzle, bed } = this.temperatures ?? {};
    const trouble = { ok: this.trouble === undefined, message: this.trouble ?? "OK" };
    return {
      ...(this.job ? { job: this.#jobStatus(this.job) } : {}),
      storage: isBuddy
        ? { path: "/usb/", name: "usb", read_only: false }
        : [{ path: "/local", name: "PrusaLink gcodes" }, { path: "/sdcard", name: "SD Card", read_only: true }],
      ...(this.transfer
        ? { transfer: { id: this.transfer.id, time_transferring: 1, progress: this.transfer.progress } }
        : {}),
      printer: {
        state: this.state,
        temp_nozzle: nozzle,
        target_nozzle: 0,
        temp_bed: bed,
        target_bed: 0,
        ...(isBuddy ? {} : { status_connect: { ok: true, message: "OK" }, status_printer: trouble }),
      },
    };
  }

  #jobStatus({ id, progress, time_remaining, time_printing }: DoubleJob) {
    return this.state === "ATTENTION" && this.#options.variant === "pi"
      ? { id, progress: 0 }
      : { id, progress, time_remaining, time_printing };
  }

  #jobDetails(job: DoubleJob) {
    return { ...this.#jobStatus(job), state: this.state, file: this.#fileDetails(job.file) };
  }

  #fileDetails(file: DoubleFile) {
    const isBuddy = this.#options.variant === "buddy";
    const slash = file.path.lastIndexOf("/");
    const [folder, name] = [file.path.slice(0, Math.max(0, slash)), file.path.slice(slash + 1)];
    return {
      type: "PRINT_FILE",
      name,
      display_name: file.displayName ?? name,
      path: isBuddy ? `/usb${folder ? `/${folder}` : ""}` : `/PrusaLink gcodes/${file.path}`,
      size: file.bytes.length,
      m_timestamp: 1795453493,
      refs: this.#refs(file),
      ...(file.meta ? { meta: file.meta } : {}),
    };
  }

  #refs({ path }: DoubleFile) {
    return this.#options.variant === "buddy"
      ? { icon: `/thumb/s/usb/${path}`, thumbnail: `/thumb/l/usb/${path}`, download: `/usb/${path}` }
      : {
        icon: null,
        thumbnail: `/api/thumbnails/PrusaLink gcodes/${path}.orig.png`,
        download: `/api/files/local/PrusaLink gcodes/${path}/raw`,
      };
  }

  #transferDetails() {
    const { file, progress } = this.transfer ?? {};
    const slash = file?.path.lastIndexOf("/") ?? -1;
    return {
      type: "FROM_CLIENT",
      display_name: file?.displayName ?? file?.path.slice(slash + 1),
      path: this.#options.variant === "buddy"
        ? `/usb/${file?.path}`
        : `/local/${file?.path.slice(0, Math.max(0, slash))}`,
      size: file?.bytes.length,
      progress,
      time_remaining: 11454227592,
    };
  }

  /** Neither knows ranges. */
  #download({ bytes }: DoubleFile, request: Request): Response {
    const headers = { "content-type": "application/octet-stream", "content-length": String(bytes.length) };
    return new Response(request.method === "HEAD" ? null : bytes, { headers });
  }

  #snap(): Response {
    if (!this.photo) return nothing();
    const now = 1_795_453_493_000; // the host's clock is its own
    const time = (milliseconds: number) => new Date(milliseconds).toUTCString();
    return new Response(this.photo.bytes, {
      headers: {
        "content-type": "image/jpeg",
        "date": time(now),
        "last-modified": time(now - this.photo.ageSeconds * 1000),
      },
    });
  }
}

function nothing(): Response {
  return new Response(null, { status: 204 });
}
