import { decodeReply, encodeConnect } from "../../protocols/zookeeper/packets.ts";

import { until } from "./until.ts";

/** What ZooKeeper calls the requests that write (`ZooDefs.OpCode`). */
const OP = { create: 1, delete: 2, setData: 5 } as const;
const UTF8 = new TextEncoder();

/** Writes nodes of a real server, as an operator does with its command line. */
export class ZooKeeperWriter {
  readonly #conn: Deno.Conn;
  #xid = 0;

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Connects; a server that has just been started closes connections at first. */
  static async connect(address: string): Promise<ZooKeeperWriter> {
    const [hostname, port] = address.split(":");
    let writer: ZooKeeperWriter | undefined;
    await until("a session with ZooKeeper", async () => {
      writer = new ZooKeeperWriter(await Deno.connect({ hostname: hostname!, port: Number(port) }));
      await writer.#conn.write(encodeConnect(10_000));
      return await writer.#frame().then(() => true, () => false);
    });
    return writer!;
  }

  /** Makes a node that anybody may change. */
  async create(path: string, text: string): Promise<void> {
    // One ACL: all permissions (31) for world:anyone; flags 0 make a node that stays.
    const acl = [...int(1), ...int(31), ...buffer("world"), ...buffer("anyone"), ...int(0)];
    await this.#ask(OP.create, [...buffer(path), ...buffer(text), ...acl]);
  }

  async set(path: string, text: string): Promise<void> {
    await this.#ask(OP.setData, [...buffer(path), ...buffer(text), ...int(-1)]);
  }

  async delete(path: string): Promise<void> {
    await this.#ask(OP.delete, [...buffer(path), ...int(-1)]);
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }

  async #ask(type: number, body: readonly number[]): Promise<void> {
    const xid = ++this.#xid;
    const frame = [...int(xid), ...int(type), ...body];
    await this.#conn.write(Uint8Array.from([...int(frame.length), ...frame]));
    const reply = decodeReply(await this.#frame());
    if (reply.xid !== xid || reply.fault !== 0) throw new Error(`Request ${type} failed: ${reply.fault}`);
  }

  async #frame(): Promise<Uint8Array> {
    const head = await this.#read(4);
    return await this.#read(new DataView(head.buffer).getInt32(0));
  }

  async #read(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count;) {
      const read = await this.#conn.read(bytes.subarray(at));
      if (read === null) throw new Error("ZooKeeper closed the connection");
      at += read;
    }
    return bytes;
  }
}

function int(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => value >> shift & 0xFF);
}

function buffer(text: string): number[] {
  const bytes = UTF8.encode(text);
  return [...int(bytes.length), ...bytes];
}
