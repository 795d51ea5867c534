import { Buffer } from "node:buffer";
import { ByteWriter } from "../byte_writer.ts";
import { decodeIdentity, IDENTITY_KEY, type WireIdentity } from "../batch_identity.ts";
import { type Answer, readCallHead, writeAnswer } from "./call.ts";
import { AvroCursor } from "./cursor.ts";
import type { EventColumns } from "./event_columns.ts";
import { frameBytes, writeFrame } from "./frame.ts";
import { type HandshakeRequest, readHandshakeRequest, writeHandshakeResponse } from "./handshake.ts";
import { findProtocolFault, FLUME_HASH, hashOf, PROTOCOL_TEXT } from "./protocol.ts";
import { readEvent, readEvents } from "./read_events.ts";

/** Hashes of strangers that a source remembers. */
const MAX_KNOWN = 64;
const NO_HANDSHAKE = new Uint8Array(0);
const SHOWN: ReadonlyMap<string, Uint8Array> = new Map([[IDENTITY_KEY, Uint8Array.of(1)]]);

/** Protocols, by their hashes, whose calls can be read; all connections of a source share them, as in Flume. */
export class KnownProtocols {
  readonly #hashes = new Set([FLUME_HASH.toHex()]);

  /** Whether a client with this hash need not show its text. */
  has(hash: Uint8Array): boolean {
    return this.#hashes.has(hash.toHex());
  }

  /** Remembers a hash whose text was read. A hash that is not the text's own holds for its connection only. */
  add(hash: Uint8Array, text: string): void {
    const name = hash.toHex();
    if (this.#hashes.size < MAX_KNOWN && Buffer.compare(hashOf(text), hash) === 0) this.#hashes.add(name);
  }
}

/** What a client has sent in one frame. */
export interface ServerCall {
  /** What stands in front of the answer; no bytes once hands were shaken. */
  readonly handshake: Uint8Array;
  /** Whether the events came with `append`. */
  readonly isSingle?: boolean;
  /** Absent: there is nothing to do but to answer. Bodies lie in the frame. */
  readonly events?: EventColumns;
  /** Which events they are; only between Sluice agents. */
  readonly identity?: WireIdentity | undefined;
  /** What to say to a call without events; absent where the handshake says all. */
  readonly answer?: Answer;
}

/** A source's side of one connection: handshake and calls. */
export class ServerSession {
  readonly #known: KnownProtocols;
  #isShaken = false;
  #takesIdentity = false;

  constructor(known: KnownProtocols) {
    this.#known = known;
  }

  /**
   * Reads the content of a frame.
   * @throws {RangeError} when it is no call, or one of another protocol.
   */
  async read(content: Uint8Array): Promise<ServerCall> {
    const cursor = new AvroCursor(content);
    const handshake = this.#isShaken ? NO_HANDSHAKE : await this.#shakeHands(readHandshakeRequest(cursor));
    if (!this.#isShaken) return { handshake };
    const { meta, name } = readCallHead(cursor);
    if (name !== "append" && name !== "appendBatch") {
      return { handshake, answer: { error: `There is no call "${name}", only append and appendBatch` } };
    }
    const identity = this.#takesIdentity ? meta.get(IDENTITY_KEY) : undefined;
    const isSingle = name === "append";
    const events = isSingle ? readEvent(cursor) : readEvents(cursor);
    return { handshake, isSingle, events, identity: identity && decodeIdentity(identity) };
  }

  async #shakeHands({ clientHash, clientProtocol, serverHash, meta }: HandshakeRequest): Promise<Uint8Array> {
    this.#isShaken = this.#known.has(clientHash) || await this.#learn(clientHash, clientProtocol);
    const isKnown = Buffer.compare(serverHash, FLUME_HASH) === 0;
    const match = !this.#isShaken ? "NONE" : isKnown ? "BOTH" : "CLIENT";
    this.#takesIdentity = meta.has(IDENTITY_KEY);
    const writer = new ByteWriter();
    writeHandshakeResponse(writer, {
      match,
      ...match !== "BOTH" && { serverProtocol: PROTOCOL_TEXT, serverHash: FLUME_HASH },
      meta: this.#takesIdentity ? SHOWN : undefined,
    });
    return writer.written;
  }

  async #learn(hash: Uint8Array, text: string | undefined): Promise<boolean> {
    if (text === undefined) return false;
    const kept = hash.slice();
    const fault = await findProtocolFault(text);
    if (fault) throw new RangeError(`The client speaks another protocol: ${fault}`);
    this.#known.add(kept, text);
    return true;
  }
}

/** Makes the frame that answers a call: handshake, metadata and the rest in buffers of their own, as Flume does. */
export function answerFrame(serial: number, handshake: Uint8Array, answer: Answer | undefined): Uint8Array {
  const parts = [handshake];
  if (answer) {
    const writer = new ByteWriter();
    writeAnswer(writer, answer);
    parts.push(NO_META, writer.written);
  }
  return writeFrame(new Uint8Array(frameBytes(parts.map(({ length }) => length))), serial, parts);
}

/** An empty map. */
const NO_META = Uint8Array.of(0);
