import { type Context, type Emit, errorText, EventBatch } from "sluice/plugin";
import { type CallFault, decodeCall } from "../../../protocols/thrift_rpc/event_call.ts";
import { FrameBuffer } from "../../../protocols/thrift_rpc/frame_buffer.ts";
import { type Status, writeReply } from "../../../protocols/thrift_rpc/reply.ts";
import { describeStranger, GLANCE_BYTES } from "../../../protocols/thrift_rpc/stranger.ts";
import type { CallHead, ThriftProtocol } from "../../../protocols/thrift_rpc/types.ts";
import { type ThriftWriter, writerOf } from "../../../protocols/thrift_rpc/writer.ts";
import type { FrameBlocks, KeptFrame } from "../_rpc/frame_blocks.ts";
import { FrameWait } from "../_rpc/frame_wait.ts";
import { LimitError, type MemoryBudget } from "../_rpc/memory_budget.ts";
import { Replies } from "../_rpc/replies.ts";
import type { ServedConnection } from "../_tcp/server.ts";
import { farewell } from "../_tcp/farewell.ts";

/** What all connections of one source share. */
export interface ConnectionParts {
  readonly emit: Emit;
  readonly context: Context;
  readonly protocol: ThriftProtocol;
  readonly maxFrameBytes: number;
  readonly budget: MemoryBudget;
  /** Takes its blocks from the same budget. */
  readonly blocks: FrameBlocks;
  readonly isEncrypted: boolean;
}

/** A call that was read. It brought events, unless there is a fault; no batch: there was no memory for them. */
interface TakenCall {
  readonly head: CallHead;
  readonly fault?: CallFault | undefined;
  readonly batch?: EventBatch;
  /** Absent for a batch without events. */
  readonly kept?: KeptFrame;
}

/** One client: reads calls, emits their events, answers them in order. */
export class Connection implements ServedConnection {
  activeMs: number;
  readonly #conn: Deno.Conn;
  readonly #parts: ConnectionParts;
  readonly #frames: FrameBuffer;
  readonly #wait: FrameWait;
  readonly #replies: Replies;
  readonly #writer: ThriftWriter;
  #hasRead = false;

  constructor(conn: Deno.Conn, parts: ConnectionParts) {
    const { maxFrameBytes, context, protocol, budget } = parts;
    this.#conn = conn;
    // An answer must not wait for the acknowledgement of the one before.
    (conn as Partial<Deno.TcpConn>).setNoDelay?.(true);
    this.#parts = parts;
    this.#frames = new FrameBuffer({
      maxFrameBytes,
      grow: (bytes) => this.#grow(bytes),
      get isTight() {
        return budget.isTight;
      },
    });
    const { clock } = context;
    this.#wait = new FrameWait({ budget, clock, frames: this.#frames, close: () => void this.close() });
    this.#replies = new Replies((bytes) => this.#write(bytes));
    this.#writer = writerOf(protocol);
    this.activeMs = clock.now();
  }

  async run(): Promise<void> {
    const { signal } = this.#parts.context;
    const end = () => void this.close();
    signal.addEventListener("abort", end, { once: true });
    try {
      if (await this.#takeAll() && this.#frames.rest.length > 0) {
        this.#complain("ended in the middle of a call");
      }
      await this.#replies.written();
    } catch (cause) {
      await this.#tellBreak(cause);
    } finally {
      signal.removeEventListener("abort", end);
      this.#frames.close();
      this.#closeNow();
    }
  }

  async close(): Promise<void> {
    await farewell(this.#replies.written(), this.#parts.context.clock);
    this.#closeNow();
  }

  /** True at the end of what the client sends, false when it must not go on or the source stops. */
  async #takeAll(): Promise<boolean> {
    const { signal } = this.#parts.context;
    while (!signal.aborted) {
      if (!await this.#read()) return !signal.aborted;
      if (!await this.#takeCalls()) return false;
    }
    return false;
  }

  async #read(): Promise<boolean> {
    const bytes = await this.#wait.until(this.#conn.read(this.#frames.room()));
    if (bytes === null) return false;
    this.#hasRead = true;
    this.activeMs = this.#parts.context.clock.now();
    this.#frames.filled(bytes);
    return true;
  }

  /** False when the client has sent what is no call. */
  async #takeCalls(): Promise<boolean> {
    for (;;) {
      const first = this.#frames.rest.subarray(0, GLANCE_BYTES);
      let call: TakenCall | undefined;
      try {
        call = this.#nextCall();
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        const guess = describeStranger(first, this.#parts.protocol);
        this.#complain(guess === undefined ? "sent no call" : `seems to be ${guess}`, cause);
        return false;
      }
      if (!call) return true;
      await this.#parts.emit.ready;
      if (this.#parts.context.signal.aborted) return false;
      this.#replies.owe(this.#answer(call));
      await this.#replies.room();
    }
  }

  #nextCall(): TakenCall | undefined {
    const frame = this.#frames.take();
    if (!frame) return undefined;
    this.#wait.completed();
    const { head, events, fault } = decodeCall(this.#parts.protocol, frame);
    if (!events) return { head, fault };
    if (events.size === 0) return { head, batch: EventBatch.EMPTY };
    const headers = events.headers.columns();
    const kept = this.#parts.blocks.copy(frame);
    return kept ? { head, kept, batch: new EventBatch({ ...events, ...kept, headers }) } : { head };
  }

  async #answer(call: TakenCall): Promise<Uint8Array> {
    const said = call.fault ?? await this.#put(call);
    const { bytes } = this.#writer;
    bytes.reset();
    writeReply(this.#writer, call.head, said);
    return bytes.written.slice();
  }

  /** Hands events to the pipeline. A call with one event counts otherwise than one with a batch. */
  async #put(call: TakenCall): Promise<Status> {
    const { counters } = this.#parts.context;
    const kind = call.head.name === "append" ? "Append" : "AppendBatch";
    counters.add(`${kind}ReceivedCount`);
    const status = await this.#emit(call);
    if (status === "OK") counters.add(`${kind}AcceptedCount`);
    return status;
  }

  async #emit({ batch, kept }: TakenCall): Promise<Status> {
    const { emit, budget, blocks, context: { counters, log } } = this.#parts;
    if (!batch) {
      counters.add("ChannelWriteFail");
      log.warn("Refused a batch: too much is under way", { maxBytes: budget.maxBytes });
      return "FAILED";
    }
    if (!kept) return "OK";
    try {
      await emit(batch);
      return "OK";
    } catch {
      // Core logs and counts what was refused.
      return "FAILED";
    } finally {
      blocks.settled(kept.bytes);
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#conn.write(rest));
  }

  #grow(bytes: number): void {
    const { budget } = this.#parts;
    if (!budget.take(bytes)) throw budget.refusal();
  }

  #complain(what: string, cause?: Error): void {
    const { counters, log } = this.#parts.context;
    counters.add("EventReadFail");
    const { hostname, port } = this.#conn.remoteAddr as Deno.NetAddr;
    const detail = cause ? { cause: errorText(cause) } : { bytes: this.#frames.rest.length };
    log.warn(`Closed a connection: ${hostname}:${port} ${what}`, detail);
  }

  /** A client that goes away while we read or write is no fault of ours; a failed handshake shows at the first read. */
  async #tellBreak(cause: unknown): Promise<void> {
    const { context, isEncrypted } = this.#parts;
    if (context.signal.aborted) return;
    if (cause instanceof LimitError) {
      this.#complain(cause.complaint, cause);
      // Answers to calls before it are still owed.
      return await this.close();
    }
    if (isEncrypted && !this.#hasRead) {
      return this.#complain("did not get through the TLS handshake", cause as Error);
    }
    context.log.debug("Connection ended", { cause: errorText(cause) });
    if (this.#frames.rest.length > 0) this.#complain("broke off in the middle of a call", cause as Error);
  }

  #closeNow(): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
    }
  }
}
