import { DeliveryError, type EventBatch, PoisonError } from "sluice/plugin";
import type { TcpClient } from "../../../protocols/tcp_client.ts";
import { HeaderRows, writeBatch } from "../../../protocols/thrift_rpc/encode_batch.ts";
import { FrameBuffer } from "../../../protocols/thrift_rpc/frame_buffer.ts";
import { decodeReply, type Reply } from "../../../protocols/thrift_rpc/reply.ts";
import type { ThriftProtocol } from "../../../protocols/thrift_rpc/types.ts";
import { type ThriftWriter, writerOf } from "../../../protocols/thrift_rpc/writer.ts";
import type { RpcClient } from "../_rpc/rpc_sink.ts";

/** How a connection is to be used. */
export interface ThriftClientOptions {
  readonly protocol: ThriftProtocol;
  readonly requestTimeoutMs: number;
  /** What the next hop takes in a call; more events go in several calls. */
  readonly maxFrameBytes: number;
  /** The next hop, for errors. */
  readonly target: string;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

interface Call {
  readonly frame: Uint8Array;
  readonly sequence: number;
}

/** No answer of this service is nearly as long. */
const MAX_REPLY_BYTES = 64 * 1024;

/** Calls `appendBatch` over one connection and waits for each answer. */
export class ThriftClient implements RpcClient {
  readonly #tcp: TcpClient;
  readonly #options: ThriftClientOptions;
  readonly #writer: ThriftWriter;
  readonly #spare: ThriftWriter;
  readonly #answers = new FrameBuffer({ maxFrameBytes: MAX_REPLY_BYTES });
  #sequence = 0;
  #hasFailed = false;

  constructor(tcp: TcpClient, options: ThriftClientOptions) {
    this.#tcp = tcp;
    this.#options = options;
    this.#writer = writerOf(options.protocol);
    this.#spare = writerOf(options.protocol);
  }

  get isBroken(): boolean {
    return this.#hasFailed || this.#tcp.isEnded;
  }

  async send(batch: EventBatch, signal: AbortSignal): Promise<void> {
    for (const call of this.#encode(batch)) await this.#call(call, signal);
  }

  close(): void {
    this.#tcp.close();
  }

  /** One frame, or several where one would be too long. */
  #encode(batch: EventBatch): readonly Call[] {
    const { bytes } = this.#writer;
    const headers = new HeaderRows(batch.headers, this.#writer, this.#spare);
    const ends: number[] = [];
    const tooLong: number[] = [];
    const spans: Span[] = [{ from: 0, to: batch.size }];
    bytes.reset();
    for (let span = spans.pop(); span; span = spans.pop()) {
      const { from, to } = span;
      const start = bytes.length;
      const sequence = this.#sequence + ends.length + 1;
      writeBatch({ writer: this.#writer, headers, sequence }, batch, span);
      if (bytes.length - start - 4 <= this.#options.maxFrameBytes) {
        ends.push(bytes.length);
        continue;
      }
      bytes.advance(start);
      const middle = Math.floor((from + to) / 2);
      if (to - from === 1) tooLong.push(from);
      else spans.push({ from: middle, to }, { from, to: middle });
    }
    if (tooLong.length > 0) throw this.#tooLong(tooLong);
    const { written } = this.#writer.bytes;
    return ends.map((end, index) => ({
      frame: written.subarray(ends[index - 1] ?? 0, end),
      sequence: ++this.#sequence,
    }));
  }

  async #call({ frame, sequence }: Call, signal: AbortSignal): Promise<void> {
    const { requestTimeoutMs, target } = this.#options;
    let why = "the connection was closed";
    const giveUp = (reason: string) => {
      why = reason;
      this.#tcp.close();
    };
    const abort = () => giveUp("the sink stops");
    const limit = setTimeout(() => giveUp(`no answer came within ${requestTimeoutMs} ms`), requestTimeoutMs);
    signal.addEventListener("abort", abort, { once: true });
    try {
      this.#tcp.write(frame);
      const answer = await this.#answer();
      if (!answer) throw new DeliveryError(`${target} gave no answer: ${why}`);
      this.#judge(answer, sequence);
    } catch (cause) {
      this.#hasFailed = true;
      if (cause instanceof DeliveryError) throw cause;
      throw new DeliveryError(`Call to ${target} failed`, { cause });
    } finally {
      clearTimeout(limit);
      signal.removeEventListener("abort", abort);
    }
  }

  /** The next answer; nothing when the connection ends before. */
  async #answer(): Promise<Reply | undefined> {
    for (let frame = this.#answers.take();; frame = this.#answers.take()) {
      if (frame) return decodeReply(this.#options.protocol, frame);
      const bytes = await this.#tcp.read();
      if (!bytes) return undefined;
      this.#answers.append(bytes);
    }
  }

  #judge({ head, status, fault }: Reply, sequence: number): void {
    const { target } = this.#options;
    if (head.sequence !== sequence) {
      throw new DeliveryError(`${target} answered call ${head.sequence} in place of call ${sequence}`);
    }
    if (fault) {
      throw new DeliveryError(`${target} does not take the call: "${fault.text}" (type ${fault.type})`);
    }
    if (status !== "OK") throw new DeliveryError(`${target} answered ${status}`);
  }

  #tooLong(indexes: readonly number[]): PoisonError {
    const { maxFrameBytes } = this.#options;
    return new PoisonError(`A single event makes a call of more than ${maxFrameBytes} bytes`, indexes);
  }
}
