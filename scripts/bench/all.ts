/** Runs every bench beside this file, one after the other; put what they print into README.md. */
const folder = new URL(".", import.meta.url);
const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => name.endsWith("_bench.ts"))
  .sort();
for (const name of names) {
  console.log(`== ${name}`);
  const { success } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", new URL(name, folder).pathname] })
    .spawn().status;
  if (!success) Deno.exitCode = 1;
}
