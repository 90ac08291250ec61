/** What a program can be made for. */
export interface Target {
  /** As in the file's name, and as Node names it. */
  readonly name: "x64" | "arm64";
  /** As the compiler names it. */
  readonly triple: string;
  /** As `uname -m` says it. */
  readonly machine: string;
}

export const targets: readonly Target[] = [
  { name: "x64", triple: "x86_64-unknown-linux-gnu", machine: "x86_64" },
  { name: "arm64", triple: "aarch64-unknown-linux-gnu", machine: "aarch64" },
];

/** One executable to be made. */
export interface Build {
  readonly version: string;
  readonly target: Target;
  /** The path of the file. */
  readonly output: string;
}
