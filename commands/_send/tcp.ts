import { Backoff, errorText } from "../../core/mod.ts";
import { CommandError } from "../exit.ts";
import type { LineChunk } from "./lines.ts";
import type { Tally } from "./tally.ts";

/** Where and how lines are written. */
export interface TcpTarget {
  readonly hostname: string;
  readonly port: number;
  /** Whether the target answers each line, as a netcat source does. */
  readonly answers: boolean;
  /** Milliseconds without any answer after which the target is given up. */
  readonly timeoutMs: number;
  /** Milliseconds for which the connection is tried. */
  readonly retryMs: number;
}

/** Lines that may be unanswered at once. */
const MAX_UNANSWERED = 100_000;

/**
 * Writes chunks to a netcat source and counts its answers.
 * @throws {CommandError} when it cannot be reached, stops answering or goes away.
 */
export async function writeLines(
  chunks: AsyncIterable<LineChunk>,
  target: TcpTarget,
  tally: Tally,
): Promise<void> {
  using conn = await connect(target, tally);
  const answers = new Answers(conn, target, tally);
  const reading = answers.read();
  reading.catch(() => {});
  await Promise.race([reading, writeAll(chunks, conn, answers)]);
  if (answers.isOpen) await conn.closeWrite();
  // A target without answers says by closing that it has read everything; some never close.
  const patience = target.answers ? [] : [new Promise((resolve) => setTimeout(resolve, target.timeoutMs))];
  await Promise.race([reading, ...patience]);
  answers.finish();
}

async function writeAll(
  chunks: AsyncIterable<LineChunk>,
  conn: Deno.TcpConn,
  answers: Answers,
): Promise<void> {
  for await (const chunk of chunks) {
    await answers.room();
    if (!answers.isOpen) return;
    answers.owe(chunk);
    try {
      for (let rest: Uint8Array = chunk.bytes; rest.length > 0;) rest = rest.subarray(await conn.write(rest));
    } catch {
      // The reading side tells why the target has gone.
      return;
    }
  }
}

async function connect({ hostname, port, retryMs }: TcpTarget, tally: Tally): Promise<Deno.TcpConn> {
  const backoff = new Backoff({ maxMs: 5000 });
  const endMs = performance.now() + retryMs;
  for (;;) {
    try {
      return await Deno.connect({ hostname, port });
    } catch (cause) {
      const waitMs = backoff.next();
      if (performance.now() + waitMs > endMs) {
        const fix = "start the target, correct the address, or wait longer: --retry-for 10m";
        throw new CommandError(`Cannot connect to ${hostname}:${port}`, { cause, fix });
      }
      tally.retry(`Trying again: ${hostname}:${port}: ${errorText(cause)}`);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

class Answers {
  readonly #conn: Deno.TcpConn;
  readonly #target: TcpTarget;
  readonly #tally: Tally;
  #unanswered = { lines: 0, bytes: 0 };
  #wake = () => {};
  isOpen = true;

  constructor(conn: Deno.TcpConn, target: TcpTarget, tally: Tally) {
    this.#conn = conn;
    this.#target = target;
    this.#tally = tally;
  }

  /** Some lines go out now. */
  owe({ lines, bytes }: LineChunk): void {
    if (!this.#target.answers) return this.#tally.accept(lines, bytes.length);
    this.#unanswered.lines += lines;
    this.#unanswered.bytes += bytes.length;
  }

  /** Waits while too much is unanswered. */
  async room(): Promise<void> {
    while (this.isOpen && this.#unanswered.lines > MAX_UNANSWERED) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Reads answers until the target has closed. */
  async read(): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for (let read = await this.#next(buffer); read !== null; read = await this.#next(buffer)) {
        const answers = (rest + decoder.decode(buffer.subarray(0, read), { stream: true })).split(/\r?\n/);
        rest = answers.pop()!;
        this.#take(answers);
        this.#wake();
      }
    } finally {
      this.isOpen = false;
      this.#wake();
    }
  }

  /** @throws {CommandError} when lines stayed without an answer. */
  finish(): void {
    const { lines } = this.#unanswered;
    if (lines === 0) return;
    this.#tally.refuse(lines, "The target closed the connection");
    throw new CommandError(`${lines} lines stayed without an answer`, {
      fix: "send those lines again; for a source with ack-every-event: false add --no-answers",
    });
  }

  async #next(buffer: Uint8Array): Promise<number | null> {
    const patience = Promise.withResolvers<never>();
    const timer = setInterval(() => {
      if (this.#unanswered.lines > 0) patience.reject(this.#silent());
    }, this.#target.timeoutMs);
    try {
      return await Promise.race([this.#conn.read(buffer), patience.promise]);
    } catch (cause) {
      if (cause instanceof CommandError) throw cause;
      return null;
    } finally {
      clearInterval(timer);
    }
  }

  #silent(): CommandError {
    const { hostname, port, timeoutMs } = this.#target;
    const { lines } = this.#unanswered;
    return new CommandError(`${hostname}:${port} left ${lines} lines unanswered for ${timeoutMs} ms`, {
      fix:
        "for a source with ack-every-event: false add --no-answers; for a slow one wait longer: --timeout 5m",
    });
  }

  /** Bytes are shared out over the lines that wait; the sum is right when all are answered. */
  #take(answers: readonly string[]): void {
    const failures = answers.filter((answer) => answer !== "OK");
    for (const failure of failures) this.#tally.refuse(1, `The target answers ${failure}`);
    if (!this.#target.answers) return;
    const { lines, bytes } = this.#unanswered;
    const answered = Math.min(answers.length, lines);
    if (answered === 0) return;
    const answeredBytes = Math.round(bytes * answered / lines);
    this.#unanswered = { lines: lines - answered, bytes: bytes - answeredBytes };
    this.#tally.accept(Math.max(answered - failures.length, 0), answeredBytes);
  }
}
