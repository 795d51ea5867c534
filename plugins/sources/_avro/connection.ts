import { type Context, type Emit, errorText, EventBatch } from "sluice/plugin";
import type { EventColumns } from "../../../protocols/avro_rpc/event_columns.ts";
import { type Frame, FrameReader } from "../../../protocols/avro_rpc/frame.ts";
import {
  answerFrame,
  type KnownProtocols,
  type ServerCall,
  ServerSession,
} from "../../../protocols/avro_rpc/session.ts";
import { describeStranger, describeUncompressed } from "../../../protocols/avro_rpc/stranger.ts";
import { FrameWait } from "../_rpc/frame_wait.ts";
import { LimitError, type MemoryBudget } from "../_rpc/memory_budget.ts";
import type { Recognition } from "../_rpc/recognition.ts";
import { Replies } from "../_rpc/replies.ts";
import type { ServedConnection } from "../_tcp/server.ts";
import { type ByteStream, DeflatedStream, PlainStream, StrangerError } from "./byte_stream.ts";
import type { FrameBlocks } from "../_rpc/frame_blocks.ts";
import { farewell } from "../_tcp/farewell.ts";

/** What all connections of one source share. */
export interface ConnectionParts {
  readonly emit: Emit;
  readonly context: Context;
  readonly recognition: Recognition;
  readonly known: KnownProtocols;
  readonly budget: MemoryBudget;
  /** Takes its blocks from the same budget. */
  readonly blocks: FrameBlocks;
  readonly maxFrameBytes: number;
  readonly isEncrypted: boolean;
  readonly isCompressed: boolean;
}

/** Events of a call, with what they take of the memory that clients share. */
interface CalledBatch {
  readonly batch: EventBatch;
  readonly bytes: number;
}

/** A frame that fills less than this part of its block is copied out of it. */
const LEAST_FILL = 1 / 4;

/** One client: reads calls, emits their events, answers them in order. */
export class Connection implements ServedConnection {
  activeMs: number;
  readonly #conn: Deno.Conn;
  readonly #parts: ConnectionParts;
  readonly #plain: PlainStream;
  readonly #stream: ByteStream;
  readonly #frames: FrameReader;
  readonly #wait: FrameWait;
  readonly #session: ServerSession;
  readonly #replies: Replies;

  constructor(conn: Deno.Conn, parts: ConnectionParts) {
    this.#conn = conn;
    // An answer must not wait for the acknowledgement of the one before.
    (conn as Partial<Deno.TcpConn>).setNoDelay?.(true);
    this.#parts = parts;
    const { isCompressed } = parts;
    this.#plain = new PlainStream(conn, isCompressed ? describeUncompressed : describeStranger);
    this.#stream = isCompressed ? new DeflatedStream(this.#plain) : this.#plain;
    this.#frames = new FrameReader(parts, parts.blocks);
    const { budget, context: { clock } } = parts;
    this.#wait = new FrameWait({ budget, clock, frames: this.#frames, close: () => void this.close() });
    this.#session = new ServerSession(parts.known);
    this.#replies = new Replies((bytes) => this.#stream.write(bytes));
    this.activeMs = clock.now();
  }

  async run(): Promise<void> {
    const { signal } = this.#parts.context;
    const end = () => void this.close();
    signal.addEventListener("abort", end, { once: true });
    try {
      while (!signal.aborted && await this.#read()) await this.#takeCalls();
      if (!signal.aborted && !this.#frames.isBetweenFrames) this.#complain("ended in the middle of a call");
      await this.#replies.written();
    } catch (cause) {
      await this.#tellBreak(cause);
    } finally {
      signal.removeEventListener("abort", end);
      this.#frames.close();
      this.#stream.close();
      this.#closeNow();
    }
  }

  async close(): Promise<void> {
    await farewell(this.#replies.written(), this.#parts.context.clock);
    this.#closeNow();
  }

  async #read(): Promise<boolean> {
    const bytes = await this.#wait.until(this.#stream.read());
    if (!bytes) return false;
    this.activeMs = this.#parts.context.clock.now();
    this.#frames.feed(bytes);
    return true;
  }

  async #takeCalls(): Promise<void> {
    const { emit, context } = this.#parts;
    for (let frame = this.#frames.next(); frame; frame = this.#frames.next()) {
      this.#wait.completed();
      const call = await this.#session.read(frame.content);
      const called = call.events && call.events.size > 0 ? this.#batchOf(frame, call.events) : undefined;
      await emit.ready;
      if (context.signal.aborted) return;
      this.#replies.owe(this.#answer(frame.serial, call, called));
      await this.#replies.room();
    }
  }

  /** The events with memory that is theirs: the frame's own block, or a copy when that is mostly empty. */
  #batchOf({ content }: Frame, events: EventColumns): CalledBatch {
    const { blocks, budget } = this.#parts;
    if (content.length < content.buffer.byteLength * LEAST_FILL) {
      if (!blocks.charge(content.length)) throw budget.refusal();
      return { batch: new EventBatch({ ...events, block: content.slice() }), bytes: content.length };
    }
    const lease = blocks.lend(this.#frames.takeBlock());
    return { batch: new EventBatch({ ...events, block: lease.block, lease }), bytes: lease.block.length };
  }

  async #answer(serial: number, call: ServerCall, called: CalledBatch | undefined): Promise<Uint8Array> {
    if (!call.events) return answerFrame(serial, call.handshake, call.answer);
    const { counters } = this.#parts.context;
    const kind = call.isSingle ? "Append" : "AppendBatch";
    counters.add(`${kind}ReceivedCount`);
    const isAccepted = !called || await this.#put(called, call.identity);
    if (isAccepted) counters.add(`${kind}AcceptedCount`);
    return answerFrame(serial, call.handshake, { status: isAccepted ? "OK" : "FAILED" });
  }

  async #put({ batch, bytes }: CalledBatch, identity: ServerCall["identity"]): Promise<boolean> {
    const { emit, recognition, blocks } = this.#parts;
    try {
      if (identity) await recognition.emit(batch, identity, emit);
      else await emit(batch);
      return true;
    } catch {
      // Core logs and counts what was refused.
      return false;
    } finally {
      blocks.settled(bytes);
    }
  }

  #complain(what: string, cause?: unknown): void {
    const { counters, log } = this.#parts.context;
    counters.add("EventReadFail");
    const { hostname, port } = this.#conn.remoteAddr as Deno.NetAddr;
    log.warn(`Closed a connection: ${hostname}:${port} ${what}`, cause ? { cause: errorText(cause) } : {});
  }

  /** Says what was wrong with what a client sent; one that merely goes away is no fault of ours. */
  async #tellBreak(cause: unknown): Promise<void> {
    const { context, isEncrypted } = this.#parts;
    if (context.signal.aborted) return;
    if (cause instanceof StrangerError) return this.#complain(`seems to be ${cause.message}`);
    if (cause instanceof RangeError || cause instanceof LimitError) {
      this.#complain(cause instanceof LimitError ? cause.complaint : "sent no call", cause);
      // Answers to calls before it are still owed.
      return await this.close();
    }
    if (isEncrypted && !this.#plain.hasRead) {
      return this.#complain("did not get through the TLS handshake", cause);
    }
    context.log.debug("Connection ended", { cause: errorText(cause) });
    if (!this.#frames.isBetweenFrames) this.#complain("broke off in the middle of a call", cause);
  }

  #closeNow(): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
    }
  }
}
