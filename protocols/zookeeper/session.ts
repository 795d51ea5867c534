// A session lives as long as its connection: watches of an old one are not carried over, so whoever connects again reads
// again, and misses nothing. What a lost connection leaves on the server expires there by itself.
import {
  decodeGrant,
  decodeNodeContent,
  decodeReply,
  encodeBare,
  encodeConnect,
  encodeWatching,
  NO_NODE,
  OP,
  type Reply,
  XID,
} from "./packets.ts";

/** The connection below a session; `Deno.Conn` is one. */
export interface Wire {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** What a session is opened with. */
export interface SessionOptions {
  /** Without a sign of life for two thirds of this, the connection counts as lost. */
  readonly timeoutMs: number;
  /** Told when a node that was read has changed, come, or gone. */
  onChange(): void;
}

/** Servers take nodes of 1 MiB (`jute.maxbuffer`) unless told otherwise. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/** A session with one ZooKeeper server, for reading nodes and hearing of their changes. */
export class ZooKeeperSession {
  /** Rejects with the reason once the connection has ended. */
  readonly ended: Promise<never>;
  readonly #wire: Wire;
  readonly #options: SessionOptions;
  readonly #end = Promise.withResolvers<never>();
  readonly #waiting = new Map<number, PromiseWithResolvers<Reply>>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #heardMs = performance.now();
  #writing: Promise<unknown> = Promise.resolve();
  #xid = 0;
  #isOpen = true;

  private constructor(wire: Wire, options: SessionOptions) {
    this.#wire = wire;
    this.#options = options;
    this.ended = this.#end.promise;
    this.ended.catch(() => {});
  }

  /**
   * Opens a session on a fresh connection, which is closed when that fails.
   * @throws {Error} when the server does not grant it, or says nothing in time.
   */
  static async open(wire: Wire, options: SessionOptions): Promise<ZooKeeperSession> {
    const session = new ZooKeeperSession(wire, options);
    const granted = Promise.withResolvers<Uint8Array>();
    const limit = setTimeout(
      () => session.#fail(new Error(`ZooKeeper did not answer within ${options.timeoutMs} ms`)),
      options.timeoutMs,
    );
    try {
      void session.#readFrames(granted.resolve);
      await session.#write(encodeConnect(options.timeoutMs));
      const { timeoutMs } = decodeGrant(await Promise.race([granted.promise, session.ended]));
      if (timeoutMs <= 0) throw new Error("ZooKeeper refused the session");
      session.#keepAlive(timeoutMs);
      return session;
    } catch (cause) {
      session.#fail(cause);
      throw cause;
    } finally {
      clearTimeout(limit);
    }
  }

  /**
   * Reads a node; undefined when there is none. `onChange` hears of what happens to it from then on, once.
   * @throws {Error} when the server refuses, or the connection ends.
   */
  async read(path: string): Promise<Uint8Array | undefined> {
    while (true) {
      const content = await this.#ask(OP.getData, path);
      if (content !== undefined) return decodeNodeContent(content);
      // A node that is not there is watched by `exists` only, and may have come since.
      if (await this.#ask(OP.exists, path) === undefined) return undefined;
    }
  }

  /** Ends the session and the connection. */
  close(): void {
    if (!this.#isOpen) return;
    this.#write(encodeBare(++this.#xid, OP.closeSession)).catch(() => {})
      .finally(() => this.#fail(new Error("The session was closed")));
  }

  async #ask(type: number, path: string): Promise<Uint8Array | undefined> {
    const xid = ++this.#xid;
    const waiting = Promise.withResolvers<Reply>();
    this.#waiting.set(xid, waiting);
    try {
      await this.#write(encodeWatching(xid, type, path));
      const { fault, body } = await Promise.race([waiting.promise, this.ended]);
      if (fault === NO_NODE) return undefined;
      if (fault !== 0) throw new Error(`ZooKeeper refused to read "${path}" (code ${fault})`);
      return body;
    } finally {
      this.#waiting.delete(xid);
    }
  }

  #keepAlive(timeoutMs: number): void {
    if (!this.#isOpen) return;
    this.#heardMs = performance.now();
    this.#timer = setInterval(() => {
      const silentMs = performance.now() - this.#heardMs;
      if (silentMs > timeoutMs * 2 / 3) {
        return this.#fail(new Error(`ZooKeeper said nothing for ${Math.round(silentMs)} ms`));
      }
      this.#write(encodeBare(XID.ping, OP.ping)).catch((cause) => this.#fail(cause));
    }, timeoutMs / 3);
  }

  async #readFrames(onGrant: (frame: Uint8Array) => void): Promise<void> {
    try {
      onGrant(await this.#readFrame());
      while (this.#isOpen) this.#take(decodeReply(await this.#readFrame()));
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #take(reply: Reply): void {
    this.#heardMs = performance.now();
    if (reply.xid === XID.watch) this.#options.onChange();
    this.#waiting.get(reply.xid)?.resolve(reply);
  }

  async #readFrame(): Promise<Uint8Array> {
    const head = await this.#readBytes(4);
    const length = new DataView(head.buffer).getInt32(0);
    if (length < 0 || length > MAX_FRAME_BYTES) {
      throw new RangeError(`Not ZooKeeper, or too much: an answer of ${length} bytes was announced`);
    }
    return await this.#readBytes(length);
  }

  async #readBytes(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(count);
    for (let offset = 0; offset < count;) {
      const read = await this.#wire.read(bytes.subarray(offset));
      if (read === null) throw new Error("ZooKeeper closed the connection");
      offset += read;
    }
    return bytes;
  }

  /** One frame after the other, also when a write takes only a part. */
  #write(bytes: Uint8Array): Promise<void> {
    const written = this.#writing.then(async () => {
      for (let offset = 0; offset < bytes.length;) {
        offset += await this.#wire.write(bytes.subarray(offset));
      }
    });
    this.#writing = written.catch(() => {});
    return written;
  }

  #fail(cause: unknown): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearInterval(this.#timer);
    this.#wire.close();
    this.#end.reject(cause);
  }
}
