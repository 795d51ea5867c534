import { Backoff, errorText } from "../../core/mod.ts";
import { CommandError } from "../exit.ts";
import { halve, type LineChunk } from "./lines.ts";
import type { Tally } from "./tally.ts";

/** Where and how lines are posted. */
export interface HttpTarget {
  readonly url: URL;
  readonly headers: Headers;
  /** Milliseconds that one answer may take. */
  readonly timeoutMs: number;
  /** Milliseconds for which a batch is tried again before it counts as undeliverable. */
  readonly retryMs: number;
  /** Makes the body of a request from its lines; they are the body otherwise. */
  bodyOf?(lines: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
}

const MAX_WAIT_MS = 60_000;
const MAX_REASON_CHARS = 300;
const BUSY: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/**
 * Posts chunks one after another, so that order is kept; a batch that the target calls too large is halved.
 * @throws {CommandError} when the target does not accept lines at all.
 */
export async function postLines(
  chunks: AsyncIterable<LineChunk>,
  target: HttpTarget,
  tally: Tally,
): Promise<void> {
  for await (const chunk of chunks) await new Poster(target, tally).post(chunk);
}

class Poster {
  readonly #target: HttpTarget;
  readonly #tally: Tally;
  readonly #backoff = new Backoff({ maxMs: 10_000 });
  readonly #endMs: number;

  constructor(target: HttpTarget, tally: Tally) {
    this.#target = target;
    this.#tally = tally;
    this.#endMs = performance.now() + target.retryMs;
  }

  async post(chunk: LineChunk): Promise<void> {
    for (;;) {
      const answer = await this.#try(chunk);
      if (answer.status === 200) return this.#tally.accept(chunk.lines, chunk.bytes.length);
      if (answer.status === 413 && chunk.lines > 1) {
        for (const half of halve(chunk)) await this.post(half);
        return;
      }
      if (answer.status === 400 || answer.status === 413) {
        return this.#tally.refuse(chunk.lines, answer.reason);
      }
      if (!answer.isBusy) throw this.#undeliverable(answer.reason, "correct the address or the credentials");
      const waitMs = answer.waitMs ?? this.#backoff.next();
      if (performance.now() + waitMs > this.#endMs) {
        throw this.#undeliverable(
          answer.reason,
          "send again when the target is up, or wait longer: --retry-for 10m",
        );
      }
      this.#tally.retry(`Trying again: ${answer.reason}`);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  async #try({ bytes }: LineChunk) {
    const { url, headers, timeoutMs } = this.#target;
    try {
      const body = this.#target.bodyOf?.(bytes) ?? bytes;
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
      const text = (await response.text()).trim().slice(0, MAX_REASON_CHARS);
      const reason = `${url.host} answers ${response.status}${text === "" ? "" : `: ${text}`}`;
      const status = response.ok ? 200 : response.status;
      return { status, reason, isBusy: BUSY.has(status), waitMs: retryAfterMs(response) };
    } catch (cause) {
      const reason = `No answer from ${url.host}: ${rootText(cause)}`;
      return { status: 0, reason, isBusy: true, waitMs: undefined };
    }
  }

  #undeliverable(reason: string, fix: string): CommandError {
    const { acceptedLines, refusedLines } = this.#tally;
    return new CommandError(`Stopped after line ${acceptedLines + refusedLines}: ${reason}`, { fix });
  }
}

/** Seconds or a date, as HTTP allows. */
function retryAfterMs(response: Response): number | undefined {
  const value = response.headers.get("retry-after");
  if (value === null) return undefined;
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), MAX_WAIT_MS);
}

/** Fetch wraps what really happened; the outer texts only repeat the address. */
function rootText(cause: unknown): string {
  const inner = (cause as { cause?: unknown }).cause;
  return inner === undefined ? errorText(cause) : rootText(inner);
}
