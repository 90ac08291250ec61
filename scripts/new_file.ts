/** What new_driver.ts and new_channel.ts share. */

/** The name from the command line as id (`bambu_lan`) and as constant (`bambuLan`); ends the program when it is no name. */
export function newName(task: string, folder: string): { id: string; constant: string } {
  const [id = ""] = Deno.args;
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(id)) {
    console.error(`Usage: deno task ${task} NAME    (lower case, words joined by _; it becomes src/${folder}/NAME.ts)`);
    Deno.exit(2);
  }
  return { id, constant: id.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) };
}

/** Writes a file that must not exist yet. */
export async function writeNew(path: string, text: string): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  try {
    await Deno.writeTextFile(path, text, { createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    console.error(`${path} exists already`);
    Deno.exit(1);
  }
  console.log(`wrote ${path}`);
}

/** Adds the import and the list entry to `src/FOLDER/registry.ts`. */
export async function addToRegistry(folder: "drivers" | "channels", id: string, constant: string): Promise<void> {
  const path = `src/${folder}/registry.ts`;
  const text = await Deno.readTextFile(path);
  const withImport = text.replace(/((?:^import .*\n)+)/m, `$1import { ${constant} } from "./${id}.ts";\n`);
  const withEntry = withImport.replace(/(= \[)([^\]]*)\]/, (_, start: string, entries: string) => {
    const list = entries.split(",").map((entry) => entry.trim()).filter((entry) => entry !== "");
    return `${start}${[...list, constant].join(", ")}]`;
  });
  if (withEntry === text) throw new Error(`Cannot find the list in ${path}`);
  await Deno.writeTextFile(path, withEntry);
  console.log(`added ${constant} to ${path}`);
}
