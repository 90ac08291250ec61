/** Runs a program of the build. @returns what it printed @throws Error with what it said */
export async function runToEnd(
  program: string,
  args: readonly string[],
  { cwd }: { cwd?: string } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const command = new Deno.Command(program, { args: [...args], ...(cwd === undefined ? {} : { cwd }) });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`Cannot run "${program}": ${new TextDecoder().decode(stderr).trim()}`);
  return stdout;
}
