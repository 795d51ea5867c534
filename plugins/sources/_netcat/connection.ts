import { type BlockPool, type Context, type Emit, errorText, type EventBatch } from "sluice/plugin";
import { Answers } from "./answers.ts";
import { LineBuffer } from "./line_buffer.ts";
import type { LineLimit } from "./line_limit.ts";
import { farewell, FAREWELL_MS } from "../_tcp/farewell.ts";

/** What all connections of one source share. */
export interface ConnectionParts {
  readonly emit: Emit;
  readonly context: Context;
  readonly pool: BlockPool;
  readonly limit: LineLimit;
  /** True: each line gets an answer. False: a full channel stops the reading, and TCP holds the sender. */
  readonly isAnswering: boolean;
  /** Absent: bytes are taken as they come. */
  readonly decoder: TextDecoder | undefined;
}

const DECODE_BYTES = 64 * 1024;

/** One client: reads lines, emits them, answers them. */
export class Connection {
  /** When the client last sent something, in epoch ms. */
  activeMs: number;
  readonly #conn: Deno.Conn;
  readonly #parts: ConnectionParts;
  readonly #lines: LineBuffer;
  readonly #answers: Answers;
  readonly #chunk: Uint8Array<ArrayBuffer> | undefined;

  constructor(conn: Deno.Conn, parts: ConnectionParts) {
    this.#conn = conn;
    this.#parts = parts;
    this.#lines = new LineBuffer(parts.pool, parts.limit.maxChars);
    this.#answers = new Answers(conn);
    this.#chunk = parts.decoder && new Uint8Array(DECODE_BYTES);
    this.activeMs = parts.context.clock.now();
  }

  /** Runs until the client ends, breaks a rule, or the source stops. */
  async run(): Promise<void> {
    const { context } = this.#parts;
    const end = () => void this.close();
    context.signal.addEventListener("abort", end, { once: true });
    try {
      while (!context.signal.aborted && await this.#read()) if (!await this.#takeLines()) break;
      await this.#answers.written();
      await this.#drain();
    } catch (cause) {
      // A client that goes away while we read or write is no fault of ours.
      context.log.debug("Connection ended", { cause: errorText(cause) });
    } finally {
      context.signal.removeEventListener("abort", end);
      this.#closeNow();
    }
  }

  /** Ends the connection once its answers are written, or soon after. */
  async close(): Promise<void> {
    await farewell(this.#answers.written(), this.#parts.context.clock);
    this.#closeNow();
  }

  /** Reads what is still under way: closing before that would cut the last answer off with a reset. */
  async #drain(): Promise<void> {
    await this.#conn.closeWrite();
    const { signal } = this.#parts.context;
    const unread = new Uint8Array(DECODE_BYTES);
    const limit = setTimeout(() => this.#closeNow(), FAREWELL_MS);
    try {
      for (let bytes: number | null = 1; bytes !== null && !signal.aborted;) {
        bytes = await this.#conn.read(unread);
      }
    } finally {
      clearTimeout(limit);
    }
  }

  /** False at the end of what the client sends; an unfinished line is dropped then, as in Flume. */
  async #read(): Promise<boolean> {
    const { decoder, context } = this.#parts;
    const bytes = await this.#conn.read(this.#chunk ?? this.#lines.room());
    if (bytes === null) return false;
    this.activeMs = context.clock.now();
    if (!this.#chunk) this.#lines.filled(bytes);
    else {
      const text = decoder!.decode(this.#chunk.subarray(0, bytes), { stream: true });
      this.#lines.append(new TextEncoder().encode(text));
    }
    return !context.signal.aborted;
  }

  /** False when a line was too long: the client hears why, and that is the end. */
  async #takeLines(): Promise<boolean> {
    const { limit, context } = this.#parts;
    const batch = await this.#lines.takeLines(context.signal);
    const tooLong = batch ? limit.firstTooLong(batch) : -1;
    if (batch) await this.#emit(tooLong < 0 ? batch : batch.slice(0, tooLong));
    if (tooLong < 0 && !limit.isExceededBy(this.#lines.rest)) return true;
    context.counters.add("EventReadFail");
    context.log.warn("Client sent a line that is too long", { maxLineChars: limit.maxChars });
    this.#answers.say(
      `FAILED: Event exceeds the maximum length (${limit.maxChars} chars, including newline)\n`,
    );
    return false;
  }

  async #emit(batch: EventBatch): Promise<void> {
    const { emit, context, isAnswering } = this.#parts;
    if (batch.size === 0) return batch.lease?.release();
    await emit.ready;
    if (context.signal.aborted) return batch.lease?.release();
    const committed = emit(batch);
    if (isAnswering) {
      this.#answers.owe(batch.size, committed);
      return await this.#answers.room();
    }
    committed.catch((cause) => {
      this.#answers.say(`FAILED: ${errorText(cause)}\n`);
      void this.close();
    });
  }

  #closeNow(): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
    }
  }
}
