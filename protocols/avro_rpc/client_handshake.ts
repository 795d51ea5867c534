import { IDENTITY_KEY } from "../batch_identity.ts";
import type { ByteWriter } from "../byte_writer.ts";
import type { AvroCursor } from "./cursor.ts";
import { readHandshakeResponse, writeHandshakeRequest } from "./handshake.ts";
import { findProtocolFault, FLUME_HASH, PROTOCOL_TEXT } from "./protocol.ts";

/** Says that batches have an identity, and that the other side knows what that is. */
const SHOWN: ReadonlyMap<string, Uint8Array> = new Map([[IDENTITY_KEY, Uint8Array.of(1)]]);
const NOTHING_SHOWN: ReadonlyMap<string, Uint8Array> = new Map();

/** A client's side of the handshake, which goes with calls until one is answered. */
export class ClientHandshake {
  readonly #showsIdentity: boolean;
  #serverHash = FLUME_HASH;
  #showsText = false;
  #isDone = false;
  #takesIdentity: boolean;

  constructor(showsIdentity: boolean) {
    this.#showsIdentity = this.#takesIdentity = showsIdentity;
  }

  /** The other side reads identities; until it has answered it is told of them without being asked. */
  get takesIdentity(): boolean {
    return this.#takesIdentity;
  }

  /** Writes what stands in front of the next call; nothing once hands were shaken. */
  write(writer: ByteWriter): void {
    if (this.#isDone) return;
    writeHandshakeRequest(writer, {
      clientHash: FLUME_HASH,
      clientProtocol: this.#showsText ? PROTOCOL_TEXT : undefined,
      serverHash: this.#serverHash,
      meta: this.#showsIdentity ? SHOWN : NOTHING_SHOWN,
    });
  }

  /**
   * Reads what stands in front of an answer. False: the call must be made again.
   * @throws {Error} when the source speaks another protocol.
   */
  async read(cursor: AvroCursor): Promise<boolean> {
    if (this.#isDone) return true;
    const { match, serverProtocol, serverHash, meta } = readHandshakeResponse(cursor);
    if (serverProtocol !== undefined) {
      const fault = await findProtocolFault(serverProtocol);
      if (fault) throw new Error(`The other side is no source of Flume: ${fault}`);
    }
    this.#serverHash = serverHash?.slice() ?? this.#serverHash;
    this.#isDone = match !== "NONE";
    if (!this.#isDone && this.#showsText) {
      throw new Error("The source does not know our protocol, though it has its text");
    }
    this.#showsText = true;
    this.#takesIdentity = this.#showsIdentity && meta?.has(IDENTITY_KEY) === true;
    return this.#isDone;
  }
}
