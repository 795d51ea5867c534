import { connectTcp, type TcpTarget } from "../tcp_client.ts";
import { ByteWriter } from "../byte_writer.ts";
import { IDENTITY_KEY } from "../batch_identity.ts";
import { type Answer, readAnswer, writeCallHead } from "./call.ts";
import { AvroCursor } from "./cursor.ts";
import { describeServer, GLANCE_BYTES } from "./stranger.ts";
import { type Compression, type Wire, wireOf } from "./wire.ts";
import type { EventColumns } from "./event_columns.ts";
import { EventWriter } from "./event_writer.ts";
import { frameBytes, FrameReader, writeFrame } from "./frame.ts";
import { ClientHandshake } from "./client_handshake.ts";

/** Where to connect to, and how. */
export interface AvroTarget extends Omit<TcpTarget, "timeoutMs"> {
  readonly compression?: Compression | undefined;
  readonly connectTimeoutMs: number;
  /** How long an answer may take. */
  readonly requestTimeoutMs: number;
  /** Tell a Sluice source that batches have an identity; off, the bytes are exactly those of Flume's client. */
  readonly showsIdentity?: boolean;
}

/** What may be said beside the events of a call. */
export interface CallOptions {
  readonly signal: AbortSignal;
  /** Which events they are, encoded; only a Sluice source is told. */
  readonly identity?: Uint8Array | undefined;
}

/** Answers are a few bytes; a text of an error, or a protocol, some thousand. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const ANSWER_MEMORY = { take: (bytes: number) => new Uint8Array(Math.max(bytes, 256)), give() {} };

/** Connects to a source of Flume or Sluice; the first call shakes hands. */
export async function connectAvro(target: AvroTarget): Promise<AvroClient> {
  const tcp = await connectTcp({ ...target, timeoutMs: target.connectTimeoutMs });
  return new AvroClient(wireOf(tcp, target.compression), target);
}

interface OpenCall {
  readonly serial: number;
  settle(answer: Uint8Array | Error): void;
}

/** A connection on which one call after the other is made: Flume's source does not keep the order of more. */
export class AvroClient {
  readonly #wire: Wire;
  readonly #requestTimeoutMs: number;
  readonly #handshake: ClientHandshake;
  readonly #spare: ByteWriter[] = [];
  readonly #head = new ByteWriter();
  #frame = new Uint8Array(0);
  #serial = 0;
  /** What the other side began with, while it may be no source. */
  #first: Uint8Array | undefined = new Uint8Array(0);
  #open: OpenCall | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #fault: Error | undefined;

  constructor(wire: Wire, { requestTimeoutMs, showsIdentity = false }: AvroTarget) {
    this.#wire = wire;
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#handshake = new ClientHandshake(showsIdentity);
    void this.#readAnswers();
  }

  /** No more calls can be made. */
  get isBroken(): boolean {
    return this.#fault !== undefined;
  }

  /**
   * Sends events with one `appendBatch`, whose bytes are made before this returns. Calls wait for those before them.
   * @throws {Error} when the source does not answer OK, or not in time.
   */
  send(events: EventColumns, options: CallOptions): Promise<void> {
    return this.#call("appendBatch", events, options);
  }

  /** Sends one event with `append`. */
  append(events: EventColumns, options: CallOptions): Promise<void> {
    return this.#call("append", events, options);
  }

  /** Ends the connection; a call that waits for its answer fails. */
  close(): void {
    this.#fail(new Error("The connection was closed"));
    this.#wire.close();
  }

  async #call(name: "append" | "appendBatch", events: EventColumns, options: CallOptions): Promise<void> {
    const parameters = this.#spare.pop() ?? new ByteWriter();
    parameters.reset();
    const writer = new EventWriter(parameters);
    if (name === "append") writer.writeEach(events);
    else writer.writeAll(events);
    const answered = this.#turn.then(() => this.#ask({ name, parameters: parameters.written, ...options }));
    this.#turn = answered.catch(() => {});
    const answer = await answered.finally(() => this.#spare.push(parameters));
    if ("error" in answer) throw new Error(`The source answered with an error: ${answer.error}`);
    if (answer.status !== "OK") throw new Error(`The source answered ${answer.status}`);
  }

  async #ask(call: Call): Promise<Answer> {
    try {
      for (;;) {
        const cursor = new AvroCursor(await this.#exchange(call));
        if (await this.#handshake.read(cursor)) return readAnswer(cursor);
      }
    } catch (cause) {
      this.#fail(cause instanceof Error ? cause : new Error(String(cause)));
      throw cause;
    }
  }

  /** Sends one frame and gives the content of the one that answers it. */
  #exchange({ name, parameters, signal, identity }: Call): Promise<Uint8Array> {
    if (this.#fault) throw this.#fault;
    signal.throwIfAborted();
    const serial = ++this.#serial;
    const head = this.#head;
    head.reset();
    this.#handshake.write(head);
    writeCallHead(head, {
      name,
      meta: this.#handshake.takesIdentity && identity ? identityMeta(identity) : NO_META,
    });
    const parts = [head.written, parameters];
    const bytes = frameBytes(parts.map(({ length }) => length));
    if (bytes > this.#frame.length) this.#frame = new Uint8Array(bytes + (bytes >> 2));
    const answered = this.#answer(serial, signal);
    this.#wire.write(writeFrame(this.#frame, serial, parts));
    return answered;
  }

  #answer(serial: number, signal: AbortSignal): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const giveUp = (cause: Error) => {
        this.#fail(cause);
        this.#wire.close();
      };
      const abort = () => giveUp(signal.reason);
      const limit = setTimeout(
        () => giveUp(new Error(`No answer within ${this.#requestTimeoutMs} ms`)),
        this.#requestTimeoutMs,
      );
      signal.addEventListener("abort", abort, { once: true });
      this.#open = {
        serial,
        settle: (answer) => {
          clearTimeout(limit);
          signal.removeEventListener("abort", abort);
          if (answer instanceof Error) reject(answer);
          else resolve(answer);
        },
      };
    });
  }

  async #readAnswers(): Promise<void> {
    const reader = new FrameReader({ maxFrameBytes: MAX_ANSWER_BYTES }, ANSWER_MEMORY);
    try {
      for (let bytes = await this.#wire.read(); bytes; bytes = await this.#wire.read()) {
        this.#glance(bytes);
        reader.feed(bytes);
        for (let frame = reader.next(); frame; frame = reader.next()) {
          const open = this.#open;
          if (open?.serial !== frame.serial) {
            throw new Error(`An answer to call ${frame.serial}, which was not made`);
          }
          this.#open = undefined;
          this.#first = undefined;
          reader.takeBlock();
          open.settle(frame.content);
        }
      }
      this.#fail(this.#named(new Error("The source has closed the connection")));
    } catch (cause) {
      this.#fail(this.#named(cause instanceof Error ? cause : new Error(String(cause))));
      this.#wire.close();
    }
  }

  #glance(bytes: Uint8Array): void {
    if (!this.#first || this.#first.length >= GLANCE_BYTES) return;
    this.#first = new Uint8Array([...this.#first, ...bytes.subarray(0, GLANCE_BYTES - this.#first.length)]);
  }

  /** Says what the other side seems to be, where that is no source. */
  #named(cause: Error): Error {
    const guess = this.#first && describeServer(this.#first);
    return guess === undefined ? cause : new Error(`The other side seems to be ${guess}`, { cause });
  }

  #fail(cause: Error): void {
    this.#fault ??= cause;
    this.#open?.settle(this.#fault);
    this.#open = undefined;
  }
}

interface Call extends CallOptions {
  readonly name: "append" | "appendBatch";
  readonly parameters: Uint8Array;
}

const NO_META: ReadonlyMap<string, Uint8Array> = new Map();

function identityMeta(identity: Uint8Array): ReadonlyMap<string, Uint8Array> {
  return new Map([[IDENTITY_KEY, identity]]);
}
