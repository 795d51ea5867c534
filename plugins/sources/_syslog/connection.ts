import { Buffer } from "node:buffer";
import { type BlockPool, type Column, type Context, type Emit, errorText, type Lease } from "sluice/plugin";
import type { ServedConnection } from "../_tcp/server.ts";
import type { EventMaker, FrameBlock } from "./event_maker.ts";
import { type FramingChoice, isHttpRequest, readOpening } from "./first_bytes.ts";
import { type Frames, type Framing, NewlineFraming } from "./frames.ts";
import { Inbox } from "./inbox.ts";

/** What all connections of one port share. */
export interface SyslogParts {
  readonly emit: Emit;
  readonly context: Context;
  readonly pool: BlockPool;
  readonly maker: EventMaker;
  readonly framing: FramingChoice;
  /** Longer frames come in pieces. */
  readonly eventBytes: number;
  /** Headers of all events of one peer. */
  headersOf(remote: Deno.NetAddr): Promise<readonly (readonly [name: string, column: Column])[]>;
}

/** One peer: reads frames and emits them as events. Nothing is answered; a full channel stops the reading. */
export class SyslogConnection implements ServedConnection {
  activeMs: number;
  readonly #conn: Deno.Conn;
  readonly #parts: SyslogParts;
  readonly #inbox: Inbox;
  readonly #remote: string;
  #framing: Framing | undefined;
  #isFirst = true;
  #headers: readonly (readonly [name: string, column: Column])[] = [];

  constructor(conn: Deno.Conn, parts: SyslogParts) {
    this.#conn = conn;
    this.#parts = parts;
    this.#inbox = new Inbox(parts.eventBytes);
    const { hostname, port } = conn.remoteAddr as Deno.NetAddr;
    this.#remote = `${hostname}:${port}`;
    this.activeMs = parts.context.clock.now();
  }

  async run(): Promise<void> {
    const { signal } = this.#parts.context;
    const end = () => this.close();
    signal.addEventListener("abort", end, { once: true });
    try {
      this.#headers = await this.#parts.headersOf(this.#conn.remoteAddr as Deno.NetAddr);
      while (!signal.aborted && await this.#read()) await this.#takeFrames(false);
      if (!signal.aborted) await this.#takeFrames(true);
    } catch (cause) {
      this.#explain(cause);
    } finally {
      signal.removeEventListener("abort", end);
      this.close();
    }
  }

  close(): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
    }
  }

  /** False at the end of what the peer sends, in whatever way it comes. */
  async #read(): Promise<boolean> {
    const { context } = this.#parts;
    try {
      const bytes = await this.#conn.read(this.#inbox.room());
      if (bytes === null) return false;
      this.#inbox.filled(bytes);
    } catch (cause) {
      if (cause instanceof Deno.errors.InvalidData) throw new TypeError("The peer breaks TLS", { cause });
      context.log.debug("Connection broke", { remote: this.#remote, cause: errorText(cause) });
      return false;
    }
    this.activeMs = context.clock.now();
    return true;
  }

  /** Emits the frames that are there. At the end of the connection an unfinished one is emitted, too, as incomplete. */
  async #takeFrames(isLast: boolean): Promise<void> {
    const { bytes } = this.#inbox;
    this.#framing ??= this.#chooseFraming(bytes, isLast);
    if (!this.#framing || bytes.length === 0) return;
    const { endsAtNewline } = this.#framing;
    const frames = this.#framing.split(bytes, isLast);
    if (this.#isFirst && frames.size > 0) this.#refuseHttp(bytes, frames);
    if (frames.size > 0) await this.#emit(bytes, frames, { endsAtNewline, isTorn: isLast });
    this.#inbox.drop(frames.consumedBytes);
    if (frames.fault !== undefined) throw new RangeError(frames.fault);
  }

  #chooseFraming(bytes: Uint8Array, isLast: boolean): Framing | undefined {
    const { framing: choice, eventBytes } = this.#parts;
    const { framing, fault } = readOpening(bytes, choice, eventBytes);
    if (fault !== undefined) throw new TypeError(fault);
    return framing ?? (isLast ? new NewlineFraming(eventBytes) : undefined);
  }

  #refuseHttp(bytes: Uint8Array, { starts, ends }: Frames): void {
    this.#isFirst = false;
    const { buffer, byteOffset } = bytes;
    const line = Buffer.from(buffer, byteOffset + starts[0]!, ends[0]! - starts[0]!).toString("latin1");
    if (isHttpRequest(line)) throw new TypeError("An HTTP request on a port for syslog");
  }

  /** What has been read is emitted in any case, also when the source stops: nobody else has it. */
  async #emit(bytes: Uint8Array, frames: Frames, about: Pick<FrameBlock, "endsAtNewline" | "isTorn">) {
    const { emit, context: { log }, maker } = this.#parts;
    const { lease, block } = await this.#copy(bytes.subarray(0, frames.consumedBytes));
    const batch = maker.make({ block, lease, frames, headers: this.#headers, ...about });
    if (batch.size === 0) return batch.lease?.release();
    await emit.ready;
    emit(batch).catch((cause) =>
      log.warn("Events are lost", { events: batch.size, cause: errorText(cause) })
    );
  }

  /** Bytes that fill a good part of a pooled block go into one. */
  async #copy(bytes: Uint8Array): Promise<{ readonly block: Uint8Array; readonly lease: Lease | undefined }> {
    const { pool } = this.#parts;
    const isPooled = bytes.length >= pool.blockBytes / 8 && bytes.length <= pool.blockBytes;
    if (!isPooled) return { block: bytes.slice(), lease: undefined };
    const lease = await pool.lease();
    lease.block.set(bytes);
    return { block: lease.block, lease };
  }

  #explain(cause: unknown): void {
    const { context: { counters, log, signal } } = this.#parts;
    if (signal.aborted) return;
    counters.add("EventReadFail");
    log.warn("Connection closed", { remote: this.#remote, cause: errorText(cause) });
  }
}
