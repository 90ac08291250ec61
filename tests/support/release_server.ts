/** A place where releases lie, on loopback, signed by the real minisign. */
import { createHash } from "node:crypto";

export interface ReleaseServer extends AsyncDisposable {
  readonly url: string;
  /** The public key, one line. */
  readonly key: string;
  readonly files: Map<string, Uint8Array>;
  /** Lays down a signed release whose file for this machine holds `program`. */
  publish(version: string, program: string, options?: { legacy?: boolean }): Promise<void>;
}

export const fileName = (version: string) => `filagram-${version}-${target}`;
const target = Deno.build.arch === "x86_64" ? "linux-x64" : "linux-arm64";

/** Why there can be none here; undefined where there can. */
export async function whyNoMinisign(): Promise<string | undefined> {
  const { success } = await new Deno.Command("sh", { args: ["-c", "command -v minisign"], stdout: "null" }).output();
  return success ? undefined : "no minisign: apt-get install minisign";
}

export async function startReleaseServer(): Promise<ReleaseServer> {
  const folder = await Deno.makeTempDir({ prefix: "filagram-release-" });
  const minisign = (...args: string[]) => run("minisign", args, folder);
  await minisign("-G", "-W", "-f", "-p", "key.pub", "-s", "key.sec");
  const key = (await Deno.readTextFile(`${folder}/key.pub`)).trim().split("\n").at(-1) ?? "";
  const files = new Map<string, Uint8Array>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const bytes = files.get(new URL(request.url).pathname.slice(1));
    return bytes ? new Response(bytes as BodyInit) : new Response("not here", { status: 404 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    key,
    files,
    async publish(version, program, { legacy = false } = {}) {
      const bytes = new TextEncoder().encode(program);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const file = { name: fileName(version), bytes: bytes.byteLength, sha256 };
      const manifest = JSON.stringify({ version, files: { [target]: file } });
      await Deno.writeTextFile(`${folder}/release.json`, manifest);
      await minisign("-S", ...legacy ? ["-l"] : [], "-s", "key.sec", "-m", "release.json", "-t", `filagram ${version}`);
      files.set(file.name, bytes);
      files.set("SHA256SUMS", new TextEncoder().encode(`${sha256}  ${file.name}\n`));
      for (const name of ["release.json", "release.json.minisig"]) {
        files.set(name, await Deno.readFile(`${folder}/${name}`));
      }
    },
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args: [...args], cwd, stdin: "null" }).output();
  if (!success) throw new Error(`Cannot run "${program} ${args.join(" ")}": ${new TextDecoder().decode(stderr)}`);
}
