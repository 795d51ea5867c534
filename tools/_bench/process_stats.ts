/** What the kernel says about a process, as far as it does (Linux). */
export interface ProcessStats {
  /** Largest resident size so far. */
  readonly peakBytes: number;
  /** Resident size now. */
  readonly residentBytes: number;
  /** Processor time of all its threads so far. */
  readonly cpuSeconds: number;
}

/** The kernel counts processor time in hundredths on every Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;

/** Reads a process's memory and processor time; undefined when it has gone, or the system has no /proc. */
export function readProcess(pid: number): ProcessStats | undefined {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    // The name in parentheses may hold blanks; fields are counted behind it.
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
    const peakBytes = kibibytesIn(status, "VmHWM");
    if (peakBytes === 0) return undefined;
    return {
      peakBytes,
      residentBytes: kibibytesIn(status, "VmRSS"),
      cpuSeconds: (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND,
    };
  } catch {
    return undefined;
  }
}

function kibibytesIn(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
}
