import { type Context, type Emit, errorText, EventBatch } from "sluice/plugin";
import { unknownMethod } from "../../../protocols/thrift_rpc/event_call.ts";
import {
  decodeLegacyCall,
  type LegacyCall,
  type LegacyEvent,
} from "../../../protocols/thrift_rpc/legacy_event.ts";
import { writeAnswer } from "../../../protocols/thrift_rpc/reply.ts";
import type { CallHead } from "../../../protocols/thrift_rpc/types.ts";
import { writerOf } from "../../../protocols/thrift_rpc/writer.ts";
import type { ServedConnection } from "../_tcp/server.ts";

/** What all connections of one source share. */
export interface LegacyParts {
  readonly emit: Emit;
  readonly context: Context;
  readonly maxEventBytes: number;
}

const READ_BYTES = 64 * 1024;
/** A call is read anew with each piece of it that comes, so there must not be too many. */
const MAX_PIECES = 1024;

/** One client of Flume 0.9.4: its events are held until they are committed, and TCP holds the client meanwhile. */
export class LegacyConnection implements ServedConnection {
  activeMs: number;
  readonly #conn: Deno.Conn;
  readonly #parts: LegacyParts;
  readonly #chunk = new Uint8Array(READ_BYTES);
  #unread = new Uint8Array(0);
  #pieces = 0;

  constructor(conn: Deno.Conn, parts: LegacyParts) {
    this.#conn = conn;
    this.#parts = parts;
    this.activeMs = parts.context.clock.now();
  }

  async run(): Promise<void> {
    const { signal, log } = this.#parts.context;
    const end = () => this.close();
    signal.addEventListener("abort", end, { once: true });
    try {
      while (!signal.aborted && await this.#read()) await this.#takeCalls();
      if (this.#unread.length > 0 && !signal.aborted) this.#complain("ended in the middle of a call");
    } catch (cause) {
      if (cause instanceof RangeError) this.#complain("sent no call of Flume 0.9.4", cause);
      else log.debug("Connection ended", { cause: errorText(cause) });
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

  /** False at the end of what the client sends. */
  async #read(): Promise<boolean> {
    const bytes = await this.#conn.read(this.#chunk);
    if (bytes === null) return false;
    this.activeMs = this.#parts.context.clock.now();
    const joined = new Uint8Array(this.#unread.length + bytes);
    joined.set(this.#unread);
    joined.set(this.#chunk.subarray(0, bytes), this.#unread.length);
    this.#unread = joined;
    return true;
  }

  async #takeCalls(): Promise<void> {
    const calls: LegacyCall[] = [];
    for (let call = this.#next(); call; call = this.#next()) calls.push(call);
    const events = calls.flatMap(({ event }) => event ?? []);
    if (events.length > 0) await this.#emit(events);
    const answers = answersTo(calls.map(({ head }) => head));
    for (let rest = answers; rest.length > 0;) rest = rest.subarray(await this.#conn.write(rest));
  }

  #next(): LegacyCall | undefined {
    const call = decodeLegacyCall(this.#unread);
    if (call) {
      this.#unread = this.#unread.subarray(call.byteLength);
      this.#pieces = 0;
      return call;
    }
    const { maxEventBytes } = this.#parts;
    if (this.#unread.length > maxEventBytes) {
      throw new RangeError(`An event of more than ${maxEventBytes} bytes`);
    }
    if (++this.#pieces > MAX_PIECES) throw new RangeError(`An event in more than ${MAX_PIECES} pieces`);
  }

  /** Nothing is answered to an event, so core holds it until a channel takes it. */
  async #emit(events: readonly LegacyEvent[]): Promise<void> {
    const { emit, context } = this.#parts;
    await emit.ready;
    if (!context.signal.aborted) await emit(EventBatch.from(events));
  }

  #complain(what: string, cause?: Error): void {
    const { counters, log } = this.#parts.context;
    counters.add("EventReadFail");
    const { hostname, port } = this.#conn.remoteAddr as Deno.NetAddr;
    const detail = cause ? { cause: errorText(cause) } : { bytes: this.#unread.length };
    log.warn(`Closed a connection: ${hostname}:${port} ${what}`, detail);
  }
}

/** `append` is oneway: nothing is said to it. */
function answersTo(heads: readonly CallHead[]): Uint8Array {
  const writer = writerOf("binary");
  for (const head of heads) {
    if (head.name === "close") writeAnswer(writer, head);
    else if (head.name !== "append") writeAnswer(writer, head, unknownMethod(head));
  }
  return writer.bytes.written;
}
