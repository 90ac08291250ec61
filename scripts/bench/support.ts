/** What the benches share: percentiles, ratios, and a process watched from outside. */

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

export function row(name: string, ...cells: readonly string[]): void {
  console.log([name.padEnd(58), ...cells.map((cell) => cell.padStart(14))].join(" "));
}

export const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 1)} ms`;

export interface Usage {
  /** User and system time, in seconds. */
  readonly cpuSeconds: number;
  readonly residentMegabytes: number;
  /** Bytes that reached the disk's layer. */
  readonly writtenBytes: number;
}

/** What a process has used up to now, from /proc. */
export function usageOf(pid: number): Usage {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  const resident = /VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1] ?? "NaN";
  const written = /write_bytes: (\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/io`))?.[1] ?? "NaN";
  return { cpuSeconds: ticks / 100, residentMegabytes: Number(resident) / 1024, writtenBytes: Number(written) };
}

export const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
