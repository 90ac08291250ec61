/**
 * Debian's Postfix, in a root of its own, on an unprivileged port of loopback; what it accepts goes to the test's sink.
 */
import { debianRoot, whyNoDebianRoot } from "./debian_root.ts";
import { freePort, greets, type RealMailOptions, type RealMailServer } from "./real_mail_server.ts";
import { localhostCertificate } from "./smtp_server.ts";

const packages = ["postfix", "sasl2-bin", "libsasl2-modules"]; // logins by Cyrus SASL, from a file of its own
const ids = { postfix: 64101, postdrop: 64102, nobody: 65534 };

export const whyNoPostfix = () => whyNoDebianRoot(packages);

export interface PostfixOptions extends RealMailOptions {
  readonly authMethods?: string;
  /** Lines of main.cf, over ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Asked before each recipient. */
  readonly policyPort?: number;
}

export interface PostfixServer extends RealMailServer {
  /** Starts it again with other lines in main.cf. */
  restart(settings: Readonly<Record<string, string>>): Promise<void>;
}

/** @throws Error where it does not start */
export async function startPostfix(options: PostfixOptions): Promise<PostfixServer> {
  const root = await debianRoot({
    packages,
    users: { postfix: ids.postfix, nobody: ids.nobody },
    groups: { postdrop: ids.postdrop },
  });
  const port = freePort();
  await root.write("/etc/postfix/main.cf", settingsText(mainSettings(options)));
  await root.write("/etc/postfix/master.cf", masterServices(port));
  await root.write("/etc/postfix/certificate.pem", localhostCertificate.certificate);
  await root.write("/etc/postfix/key.pem", localhostCertificate.key, { mode: 0o600 });
  await makeQueue(root.path);
  if (options.login) {
    const [name = "", realm = ""] = options.login.user.split("@");
    await root.run("/usr/sbin/saslpasswd2", ["-p", "-c", "-u", realm, name], options.login.password);
    await Deno.chown(`${root.path}/etc/sasldb2`, 0, ids.postfix);
    await Deno.chmod(`${root.path}/etc/sasldb2`, 0o640);
    const methods = options.authMethods ?? "PLAIN LOGIN CRAM-MD5";
    const lines = ["pwcheck_method: auxprop", "auxprop_plugin: sasldb", `mech_list: ${methods}`, ""];
    await root.write("/etc/postfix/sasl/smtpd.conf", lines.join("\n"));
  }

  let master: Deno.ChildProcess | undefined;
  const server: PostfixServer = {
    port,
    async restart(settings) {
      await server.stop();
      await root.write("/etc/postfix/main.cf", settingsText({ ...mainSettings(options), ...settings }));
      await server.start();
    },
    async start() {
      // leads a process group of its own and takes its daemons with it when it ends
      master = root.start("/usr/lib/postfix/sbin/master", ["-c", "/etc/postfix"]);
      await greets(port);
    },
    async stop() {
      const running = master;
      master = undefined;
      try {
        running?.kill("SIGTERM");
      } catch { /* it has ended by itself */ }
      await running?.status;
    },
    log: () => root.read("/var/log/postfix.log").catch(() => "no log"),
    async [Symbol.asyncDispose]() {
      await server.stop();
      await root[Symbol.asyncDispose]();
    },
  };
  try {
    await server.start();
  } catch (error) {
    const log = await server.log();
    await server[Symbol.asyncDispose]();
    throw new Error(`Postfix does not start: ${log}`, { cause: error });
  }
  return server;
}

function mainSettings({ sinkPort, maxBytes, login, policyPort, settings }: PostfixOptions): Record<string, string> {
  const policy = policyPort === undefined ? [] : [`check_policy_service inet:127.0.0.1:${policyPort}`];
  return {
    compatibility_level: "3.6",
    myhostname: "postfix.example",
    mydestination: "",
    mynetworks: login ? "" : "127.0.0.0/8",
    inet_interfaces: "127.0.0.1",
    inet_protocols: "ipv4",
    disable_dns_lookups: "yes",
    alias_maps: "",
    alias_database: "",
    relayhost: `[127.0.0.1]:${sinkPort}`,
    maillog_file: "/var/log/postfix.log",
    command_directory: "/usr/sbin",
    daemon_directory: "/usr/lib/postfix/sbin",
    data_directory: "/var/lib/postfix",
    queue_directory: "/var/spool/postfix",
    smtpd_recipient_restrictions: [...policy, "permit_mynetworks", "permit_sasl_authenticated", "reject"].join(", "),
    ...(login
      ? {
        smtpd_tls_security_level: "encrypt",
        smtpd_tls_auth_only: "yes",
        smtpd_tls_cert_file: "/etc/postfix/certificate.pem",
        smtpd_tls_key_file: "/etc/postfix/key.pem",
        smtpd_sasl_auth_enable: "yes",
        cyrus_sasl_config_path: "/etc/postfix/sasl",
      }
      : {}),
    ...(maxBytes === undefined ? {} : { message_size_limit: String(maxBytes) }),
    ...settings,
  };
}

function settingsText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`).join("");
}

/** Of master.cf: service, type, private, unprivileged, chroot, wakeup, processes, program. */
function masterServices(port: number): string {
  const quiet = ["cleanup", "bounce", "smtp", "error", "proxymap", "anvil", "scache", "tlsmgr"];
  return [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    "qmgr unix n - n 300 1 qmgr",
    "rewrite unix - - n - - trivial-rewrite",
    "postlog unix-dgram n - n - 1 postlogd",
    ...quiet.map((name) => `${name} unix ${name === "cleanup" ? "n" : "-"} - n - ${singles[name] ?? "-"} ${name}`),
    "defer unix - - n - 0 bounce",
    "trace unix - - n - 0 bounce",
    "retry unix - - n - - error",
    "",
  ].join("\n");
}

const singles: Readonly<Record<string, string>> = { cleanup: "0", bounce: "0", anvil: "1", scache: "1", tlsmgr: "1" };

/** The folders that the package's own scripts would make. */
async function makeQueue(path: string): Promise<void> {
  const spool = `${path}/var/spool/postfix`;
  await Deno.mkdir(`${spool}/pid`, { recursive: true });
  const own = [
    "active",
    "bounce",
    "corrupt",
    "defer",
    "deferred",
    "flush",
    "hold",
    "incoming",
    "private",
    "saved",
    "trace",
  ];
  for (const name of own) await makeFolder(`${spool}/${name}`, { mode: 0o700, group: ids.postfix });
  await makeFolder(`${spool}/public`, { mode: 0o710, group: ids.postdrop });
  await makeFolder(`${spool}/maildrop`, { mode: 0o730, group: ids.postdrop });
  await makeFolder(`${path}/var/lib/postfix`, { mode: 0o700, group: ids.postfix });
}

async function makeFolder(path: string, { mode, group }: { mode: number; group: number }): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  await Deno.chown(path, ids.postfix, group);
  await Deno.chmod(path, mode);
}
