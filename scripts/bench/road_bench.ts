/**
 * From a line on the tty to the mail server's acceptance, by the real command on a real tty: p50 and p95 over STARTTLS with
 * login and in the clear, beside a bare nodemailer send in the same run; and ten events at once.
 *
 * `deno run -A scripts/bench/road_bench.ts [EVENTS]`
 */
import nodemailer from "nodemailer";
import { openPty } from "../../bridge/pty.ts";
import { makeWorkshop, until } from "../../tests/support/filagram.ts";
import { localhostCertificate, startSmtpServer, testAuthority } from "../../tests/support/smtp_server.ts";
import { ms, percentile, row, sleep } from "./support.ts";

const events = Number(Deno.args[0] ?? 100);
const login = { user: "me", password: "secret-word" };

for (const tls of ["starttls", "none"] as const) await bench(tls);

async function bench(tls: "starttls" | "none"): Promise<void> {
  await using workshop = await makeWorkshop();
  const acceptedAt = new Map<string, number>();
  await using server = await startSmtpServer({
    tls,
    certificate: localhostCertificate,
    ...(tls === "starttls" ? { login } : {}),
    onMail: ({ raw }) => {
      const id = /event-(\d+)-end/.exec(new TextDecoder().decode(raw))?.[1];
      if (id && !acceptedAt.has(id)) acceptedAt.set(id, performance.now());
      return undefined;
    },
  });
  await using pty = openPty({ linkPath: `${workshop.folder}/printer` });
  await Deno.writeTextFile(`${workshop.folder}/ca.pem`, testAuthority.certificate);
  await workshop.write(
    `printers: [{ name: MK3S, driver: marlin, address: "serial:${workshop.folder}/printer", passive: true }]
channels:
  - { name: mail, type: email, host: localhost, port: ${server.port}, tls: ${tls}, from: a@example.org, to: [b@example.org]${
      tls === "starttls" ? `, user: me, password: !secret word, caFile: ${workshop.folder}/ca.pem` : ""
    } }
web: { listen: "127.0.0.1:0" }
`,
    `word: ${login.password}\n`,
  );
  const bare = await bareSends(tls, { port: server.port, pool: true });
  const fresh = await bareSends(tls, { port: server.port, pool: false });
  const agent = workshop.start("run");
  const writer = pty.master.writable.getWriter();
  const say = (text: string) => writer.write(new TextEncoder().encode(`${text}\n`));
  await agent.said("Page: ");
  const opened = performance.now();
  while (!acceptedAt.has("0")) { // until the agent has the port open
    await say("start");
    await say("//action:notification $MR$:bench|event-0-end");
    await sleep(200);
    if (performance.now() - opened > 20_000) throw new Error(agent.log());
  }
  await sleep(2000);

  const tookMilliseconds: number[] = [];
  for (let id = 1; id <= events; id++) {
    const sent = performance.now();
    await say(`//action:notification $MR$:bench|event-${id}-end`);
    await until(`event ${id}`, () => acceptedAt.has(`${id}`));
    tookMilliseconds.push((acceptedAt.get(`${id}`) ?? NaN) - sent);
    await sleep(50);
  }
  const [p50, p95] = [percentile(tookMilliseconds, 0.5), percentile(tookMilliseconds, 0.95)];
  const [bare50, bare95] = [percentile(bare, 0.5), percentile(bare, 0.95)];
  row(`event on the tty → accepted, ${tls}`, `p50 ${ms(p50)}`, `p95 ${ms(p95)}`);
  row(`bare nodemailer over a warm connection, ${tls}`, `p50 ${ms(bare50)}`, `p95 ${ms(bare95)}`);
  row("ratio at the median", (p50 / bare50).toFixed(2));
  const [fresh50, fresh95] = [percentile(fresh, 0.5), percentile(fresh, 0.95)];
  row(`bare nodemailer send, a connection each, ${tls}`, `p50 ${ms(fresh50)}`, `p95 ${ms(fresh95)}`);
  row("ratio at the median", (p50 / fresh50).toFixed(2));

  const burst = performance.now();
  await say(Array.from({ length: 10 }, (_, n) => `//action:notification $MR$:bench|event-${1000 + n}-end`).join("\n"));
  await until("the burst", () => Array.from({ length: 10 }, (_, n) => acceptedAt.has(`${1000 + n}`)).every(Boolean));
  const last = Math.max(...Array.from({ length: 10 }, (_, n) => acceptedAt.get(`${1000 + n}`) ?? NaN));
  row(`ten events at once → the last accepted, ${tls}`, ms(last - burst));
  await agent.kill("SIGTERM");
}

async function bareSends(
  tls: "starttls" | "none",
  { port, pool }: { port: number; pool: boolean },
): Promise<number[]> {
  const transport = nodemailer.createTransport({
    host: "localhost",
    port,
    ...(pool ? { pool, maxConnections: 1, maxMessages: Infinity } : {}),
    secure: false,
    ...(tls === "starttls"
      ? { requireTLS: true, tls: { ca: testAuthority.certificate }, auth: { user: login.user, pass: login.password } }
      : { ignoreTLS: true }),
  });
  const took: number[] = [];
  for (let id = 0; id <= Math.min(events, pool ? events : 30); id++) {
    const start = performance.now();
    await transport.sendMail({
      from: "a@example.org",
      to: "b@example.org",
      subject: "bench",
      text: "bare",
      html: "<p>bare</p>",
    });
    if (id > 0) took.push(performance.now() - start);
    await sleep(20);
  }
  transport.close();
  return took;
}
