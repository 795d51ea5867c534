import { type CallFault, decodeCall, type EventCall } from "../../protocols/thrift_rpc/event_call.ts";
import { FrameBuffer } from "../../protocols/thrift_rpc/frame_buffer.ts";
import { type Status, writeReply } from "../../protocols/thrift_rpc/reply.ts";
import type { ThriftProtocol } from "../../protocols/thrift_rpc/types.ts";
import { writerOf } from "../../protocols/thrift_rpc/writer.ts";

/** What is said to a call: a status, a fault, bytes as they are, or nothing at all. */
export type Said = Status | CallFault | Uint8Array | undefined;

/** A next hop that keeps what it gets, and answers as the test wants it. */
export class ThriftServer {
  readonly port: number;
  /** All bytes that came, connection after connection. */
  readonly received: Uint8Array[] = [];
  readonly bodies: Uint8Array[] = [];
  readonly calls: EventCall[] = [];
  connections = 0;
  answer: (call: EventCall) => Said | Promise<Said> = () => "OK";
  readonly #protocol: ThriftProtocol;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.Conn>();
  readonly #running: Promise<void>;

  constructor(protocol: ThriftProtocol = "compact") {
    this.#protocol = protocol;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#running = this.#accept();
  }

  /** Ends all connections, as a host that dies does. */
  dropAll(): void {
    for (const conn of this.#open) conn.close();
    this.#open.clear();
  }

  async close(): Promise<void> {
    this.#listener.close();
    this.dropAll();
    await this.#running;
  }

  async #accept(): Promise<void> {
    const running: Promise<void>[] = [];
    try {
      for await (const conn of this.#listener) {
        this.connections++;
        this.#open.add(conn);
        running.push(this.#serve(conn).catch(() => {}));
      }
    } finally {
      await Promise.all(running);
    }
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    const frames = new FrameBuffer({ maxFrameBytes: 2 ** 30 });
    const chunk = new Uint8Array(65_536);
    for (let bytes = await conn.read(chunk); bytes !== null; bytes = await conn.read(chunk)) {
      this.received.push(chunk.slice(0, bytes));
      frames.append(chunk.subarray(0, bytes));
      for (let frame = frames.take(); frame; frame = frames.take()) {
        const said = await this.answer(this.#note(frame));
        if (said !== undefined) await conn.write(said instanceof Uint8Array ? said : this.#replyTo(said));
      }
    }
    this.#open.delete(conn);
    conn.close();
  }

  #note(frame: Uint8Array): EventCall {
    const call = decodeCall(this.#protocol, frame);
    const { size = 0, starts, ends } = call.events ?? {};
    for (let at = 0; at < size; at++) this.bodies.push(frame.slice(starts![at], ends![at]));
    this.calls.push(call);
    return call;
  }

  #replyTo(said: Status | CallFault): Uint8Array {
    const writer = writerOf(this.#protocol);
    writeReply(writer, this.calls.at(-1)!.head, said);
    return writer.bytes.written;
  }
}
