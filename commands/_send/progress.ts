import process from "node:process";
import type { Tally } from "./tally.ts";

/** Shows how far a command is; `end` takes the display away. */
export interface Progress {
  show(tally: Tally): void;
  end(): void;
}

const EVERY_MS = 100;

/** A bar on a terminal; nothing where standard error is none. `totalBytes` 0: the length is not known. */
export async function openProgress(totalBytes: number): Promise<Progress> {
  if (!Deno.stderr.isTerminal()) return { show() {}, end() {} };
  const { default: { SingleBar, Presets } } = await import("cli-progress");
  const bar = new SingleBar({
    format: totalBytes > 0
      ? "{bar} {percentage}% · {lines} lines · {rate} MB/s · {eta} s left"
      : "{lines} lines · {rate} MB/s",
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    etaBuffer: 50,
  }, Presets.shades_classic);
  const startMs = performance.now();
  let shownMs = -Infinity;
  bar.start(totalBytes, 0, { lines: "0", rate: "0.0" });
  return {
    show({ acceptedBytes, acceptedLines }) {
      const nowMs = performance.now();
      if (nowMs - shownMs < EVERY_MS) return;
      shownMs = nowMs;
      const rate = (acceptedBytes / 1e3 / Math.max(nowMs - startMs, 1)).toFixed(1);
      bar.update(acceptedBytes, { lines: acceptedLines.toLocaleString("en-US"), rate });
    },
    end: () => bar.stop(),
  };
}
