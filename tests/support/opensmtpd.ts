/**
 * Debian's OpenSMTPD, in a root of its own, on an unprivileged port of loopback; what it accepts goes to the test's sink.
 */
import { type DebianRoot, debianRoot, whyNoDebianRoot } from "./debian_root.ts";
import { freePort, greets, type RealMailOptions, type RealMailServer } from "./real_mail_server.ts";
import { localhostCertificate, testAuthority } from "./smtp_server.ts";

const packages = ["opensmtpd", "dash"];
const ids = { opensmtpd: 64201, opensmtpq: 64202 };

export const whyNoOpensmtpd = () => whyNoDebianRoot(packages);

export interface OpensmtpdOptions extends RealMailOptions {
  /** Puts each recipient off once. */
  readonly greylists?: true;
  /** Its queue is on a disk of 4 MB; wants the right to mount one. */
  readonly hasSmallQueue?: true;
}

export interface OpensmtpdServer extends RealMailServer {
  /** Fills the disk of its queue, or makes room again; only with `hasSmallQueue`. */
  fillQueue(isFull: boolean): Promise<void>;
}

/** @throws Error where it does not start */
export async function startOpensmtpd(options: OpensmtpdOptions): Promise<OpensmtpdServer> {
  const root = await debianRoot({
    packages,
    users: { ...ids, nobody: 65534 },
  });
  const port = freePort();
  const spool = `${root.path}/var/spool`;
  if (options.hasSmallQueue) await mount(["mount", "-t", "tmpfs", "-o", `size=${diskBytes}`, "tmpfs", spool]);
  await root.write("/etc/mailname", "opensmtpd.example\n");
  await root.write("/etc/certificate.pem", localhostCertificate.certificate);
  await root.write("/etc/key.pem", localhostCertificate.key, { mode: 0o600 });
  await root.write("/etc/ssl/certs/ca-certificates.crt", testAuthority.certificate); // without one it ends at once
  await root.write("/usr/libexec/greylist", greylist, { mode: 0o755 });
  await root.write("/etc/smtpd.conf", await settingsText(options, { root, port }), { mode: 0o600 });

  let parent: Deno.ChildProcess | undefined;
  const server: OpensmtpdServer = {
    port,
    async start() {
      parent = root.start("/bin/sh", ["-c", "exec /usr/sbin/smtpd -d -v >>/var/log/smtpd.log 2>&1"]);
      await greets(port);
    },
    async stop() {
      const running = parent;
      parent = undefined;
      try {
        running?.kill("SIGTERM"); // the others end when their pipes to it do
      } catch { /* it has ended by itself */ }
      await running?.status;
    },
    log: () => root.read("/var/log/smtpd.log").catch(() => "no log"),
    async fillQueue(isFull) {
      // to the last block: the write that finds none fails
      if (isFull) await Deno.writeFile(`${spool}/filling`, new Uint8Array(diskBytes)).catch(() => {});
      else await Deno.remove(`${spool}/filling`);
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      if (options.hasSmallQueue) await mount(["umount", "-l", spool]);
      await root[Symbol.asyncDispose]();
    },
  };
  try {
    await server.start();
  } catch (error) {
    const log = await server.log();
    await server[Symbol.asyncDispose]();
    throw new Error(`OpenSMTPD does not start: ${log}`, { cause: error });
  }
  return server;
}

const diskBytes = 4 * 1024 * 1024;

/** Why no disk can be mounted here: containers may lack the right. */
export async function whyNoMount(): Promise<string | undefined> {
  const folder = await Deno.makeTempDir();
  try {
    await mount(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
    await mount(["umount", folder]);
    return undefined;
  } catch (error) {
    return `cannot mount a small disk: ${error instanceof Error ? error.message : error}`;
  } finally {
    await Deno.remove(folder);
  }
}

async function mount([program = "", ...args]: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, stdout: "null", stderr: "piped" }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
}

async function settingsText(
  { login, sinkPort, maxBytes, greylists }: OpensmtpdOptions,
  { root, port }: { root: DebianRoot; port: number },
): Promise<string> {
  const filter = greylists ? ` filter "greylist"` : "";
  const lines = [
    ...(greylists ? [`filter "greylist" proc-exec "/usr/libexec/greylist"`] : []),
    ...(maxBytes === undefined ? [] : [`smtp max-message-size ${maxBytes}`]),
  ];
  if (login) {
    const hash = (await root.run("/usr/libexec/opensmtpd/encrypt", [login.password])).trim();
    lines.push(
      `pki localhost cert "/etc/certificate.pem"`,
      `pki localhost key "/etc/key.pem"`,
      `table accounts { "${login.user}" = "${hash}" }`,
      `listen on 127.0.0.1 port ${port} tls-require pki localhost auth <accounts>${filter}`,
    );
  } else {
    lines.push(`listen on 127.0.0.1 port ${port}${filter}`);
  }
  lines.push(
    `action "relay" relay host "smtp://127.0.0.1:${sinkPort}"`,
    login ? `match auth from any for any action "relay"` : `match from any for any action "relay"`,
  );
  return lines.join("\n") + "\n";
}

/** A filter as smtpd-filters(7) wants them, lines in and lines out. */
const greylist = `#!/bin/sh
while read -r line; do
  [ "$line" = "config|ready" ] && break
done
echo "register|filter|smtp-in|rcpt-to"
echo "register|ready"
seen=
while IFS="|" read -r kind version time direction phase session token address; do
  [ "$kind" = filter ] || continue
  case "$seen" in
    *" $address "*) answer=proceed ;;
    *) answer="reject|451 4.7.1 Greylisted, come back later"; seen="$seen $address " ;;
  esac
  echo "filter-result|$session|$token|$answer"
done
`;
