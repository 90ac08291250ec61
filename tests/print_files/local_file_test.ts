/** A real folder, with everything in it that a folder can hold. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import type { FileRef } from "../../src/domain/print_file.ts";
import { findLocalFile, openLocalFile } from "../../src/print_files/local_file.ts";

const never = new AbortController().signal;

class Folder implements Disposable {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "filagram-files-" }));

  write(name: string, { text = "G28\n", day = 1 }: { text?: string; day?: number } = {}): string {
    const path = join(this.path, name);
    Deno.mkdirSync(dirname(path), { recursive: true });
    Deno.writeTextFileSync(path, text);
    Deno.utimeSync(path, day * 86_400, day * 86_400);
    return path;
  }

  find(file: FileRef | string, folder = this.path): Promise<string | undefined> {
    return findLocalFile(folder, typeof file === "string" ? { path: file } : file, never);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

Deno.test("findLocalFile() finds a file by its path, by its name anywhere below, however it is capitalised", async () => {
  using folder = new Folder();
  const cube = folder.write("cubes/Würfel 20 mm.gcode");
  const benchy = folder.write("benchy.gcode");
  for (
    const name of [
      "cubes/Würfel 20 mm.gcode",
      "/cubes/Würfel 20 mm.gcode",
      "würfel 20 MM.gcode",
      "cubes\\Würfel 20 mm.gcode",
    ]
  ) {
    assert.equal(await folder.find(name), cube, name);
  }
  for (const name of ["benchy.gcode", "/usb/BENCHY.GCO", "old/benchy.gcode"]) {
    assert.equal(await folder.find(name), benchy, name);
  }
  assert.equal(await folder.find("Wu\u0308rfel 20 mm.gcode"), cube, "letters and accents apart");
  for (const name of ["", "/", "..", "boat.gcode", "cubes"]) assert.equal(await folder.find(name), undefined, name);
});

Deno.test("findLocalFile() goes by the long name where the path is a short one", async () => {
  using folder = new Folder();
  const long = folder.write("a/b/A long name of a boat.gcode");
  assert.equal(await folder.find({ path: "ALONGN~1.GCO", displayName: "A long name of a boat.gcode" }), long);
  assert.equal(await folder.find({ path: "ALONGN~1.GCO" }), undefined);
});

Deno.test("findLocalFile() prefers the exact path, else the newest; never one of another size", async () => {
  using folder = new Folder();
  const old = folder.write("old/benchy.gcode", { day: 1, text: "old" });
  const fresh = folder.write("new/Benchy.gcode", { day: 9, text: "fresh" });
  assert.equal(await folder.find("benchy.gcode"), fresh);
  assert.equal(await folder.find("old/benchy.gcode"), old);
  assert.equal(await folder.find({ path: "benchy.gcode", sizeBytes: 3 }), old);
  assert.equal(await folder.find({ path: "new/Benchy.gcode", sizeBytes: 3 }), old);
  assert.equal(await folder.find({ path: "benchy.gcode", sizeBytes: 4 }), undefined);
});

Deno.test("findLocalFile() never leaves the folder", async () => {
  using outside = new Folder();
  using folder = new Folder();
  const secret = outside.write("secret.gcode");
  outside.write("deep/hidden.gcode");
  const inside = folder.write("kept/inside.gcode");
  Deno.symlinkSync(secret, join(folder.path, "secret.gcode"));
  Deno.symlinkSync(join(outside.path, "deep"), join(folder.path, "deep"));
  Deno.symlinkSync(folder.path, join(folder.path, "kept", "circle"));
  Deno.symlinkSync(inside, join(folder.path, "link to inside.gcode"));
  for (
    const name of ["secret.gcode", "deep/hidden.gcode", "hidden.gcode", secret, `../${secret}`, "../../etc/passwd"]
  ) {
    assert.equal(await folder.find(name), undefined, name);
  }
  assert.equal(await folder.find("link to inside.gcode"), inside, "a link within the folder is fine");
  assert.equal(await folder.find("inside.gcode"), inside);
});

Deno.test("findLocalFile() through a link to the folder, without a folder, in one it may not read", async () => {
  using folder = new Folder();
  const benchy = folder.write("benchy.gcode");
  using other = new Folder();
  Deno.symlinkSync(folder.path, join(other.path, "gcodes"));
  assert.equal(await folder.find("benchy.gcode", join(other.path, "gcodes")), benchy);
  assert.equal(await folder.find("benchy.gcode", "/nowhere/at/all"), undefined);
  assert.equal(await folder.find("benchy.gcode", benchy), undefined);
});

Deno.test("openLocalFile() reads parts, also beyond the end", async () => {
  using folder = new Folder();
  await using reader = await openLocalFile(folder.write("x.gcode", { text: "0123456789" }));
  const text = async (offset: number, length: number) =>
    new TextDecoder().decode(await reader.read(offset, length, never));
  assert.equal(reader.sizeBytes, 10);
  assert.deepEqual([await text(2, 3), await text(8, 9), await text(10, 1), await text(99, 1)], ["234", "89", "", ""]);
  await assert.rejects(reader.read(0, 1, AbortSignal.abort()), { name: "AbortError" });
});
