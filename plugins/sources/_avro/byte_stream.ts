import { GLANCE_BYTES } from "../../../protocols/avro_rpc/stranger.ts";
import { Deflater, Inflater } from "../../../protocols/deflate_stream.ts";

/** What a client sends and gets, whatever lies between us and the socket. */
export interface ByteStream {
  /** Waits for bytes, which hold until the next call; nothing at the end. */
  read(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array): Promise<void>;
  /** Lets go of what lies in between; the socket is closed by whoever opened it. */
  close(): void;
}

/** Says what a client seems to be that sends no calls. */
export class StrangerError extends Error {}

const FIRST_BYTES = 16 * 1024;
const LARGEST_BYTES = 256 * 1024;

/** A socket as it is. */
export class PlainStream implements ByteStream {
  readonly #conn: Deno.Conn;
  readonly #describe: (first: Uint8Array) => string | undefined;
  #first = new Uint8Array(0);
  #chunk = new Uint8Array(FIRST_BYTES);

  /** `describe` says what the first bytes look like when the client should not have sent them. */
  constructor(conn: Deno.Conn, describe: (first: Uint8Array) => string | undefined) {
    this.#conn = conn;
    this.#describe = describe;
  }

  /** Whether anything has come at all. */
  get hasRead(): boolean {
    return this.#first.length > 0;
  }

  /** @throws {StrangerError} when the client begins as something else. */
  async read(): Promise<Uint8Array | undefined> {
    const bytes = await this.#conn.read(this.#chunk);
    if (bytes === null) return undefined;
    const read = this.#chunk.subarray(0, bytes);
    if (this.#first.length < GLANCE_BYTES) this.#glance(read);
    // It grows with a sender that fills it: there may be many that do not.
    if (bytes === this.#chunk.length && bytes < LARGEST_BYTES) this.#chunk = new Uint8Array(bytes * 4);
    return read;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#conn.write(rest));
  }

  close(): void {}

  /** What begins as something else is no frame, whatever lengths it could be read as. */
  #glance(read: Uint8Array): void {
    this.#first = new Uint8Array([...this.#first, ...read.subarray(0, GLANCE_BYTES - this.#first.length)]);
    const guess = this.#describe(this.#first);
    if (guess !== undefined) throw new StrangerError(guess);
  }
}

/** Effort of Flume's sources. */
const LEVEL = 6;

/** A compressed stream. */
export class DeflatedStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #inflater: Inflater;
  readonly #deflater = new Deflater(LEVEL);

  constructor(stream: ByteStream) {
    this.#stream = stream;
    this.#inflater = new Inflater(() => stream.read());
  }

  read(): Promise<Uint8Array | undefined> {
    return this.#inflater.read();
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#stream.write(await this.#deflater.push(bytes));
  }

  close(): void {
    this.#inflater.close();
    void this.#deflater.end();
  }
}
