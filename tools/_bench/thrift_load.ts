// Runs as a process of its own: sends batches to a thrift source for a time, waits for each answer, and prints a LoadResult.
import { type AnyPlugin, EventBatch, loneContext, type Sink, z } from "sluice/plugin";
import thrift from "../../plugins/sinks/thrift.ts";
import { HeaderRows, writeBatch } from "../../protocols/thrift_rpc/encode_batch.ts";
import type { ThriftProtocol } from "../../protocols/thrift_rpc/types.ts";
import { writerOf } from "../../protocols/thrift_rpc/writer.ts";
import type { LoadResult } from "./load.ts";

/** What to send, and where. */
export interface ThriftOrder {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  readonly protocol: ThriftProtocol;
  /** By our own sink, or as frames that were made before: then only the source is measured. */
  readonly by: "sink" | "frames";
  /** Headers of each event: none, or two that are the same for all and one that is not. */
  readonly hasHeaders: boolean;
}

const EVENTS = 1000;
const BODY_BYTES = 200;

function batchOf({ hasHeaders }: ThriftOrder): EventBatch {
  const batch = EventBatch.ofBodies(
    Array.from({ length: EVENTS }, () => new Uint8Array(BODY_BYTES).fill(0x78)),
  );
  if (!hasHeaders) return batch;
  const times = Array.from({ length: EVENTS }, (_, index) => String(1_700_000_000_000 + index));
  return batch.withHeader("host", "web-1").withHeader("datacenter", "köln").withHeader("timestamp", times);
}

/** Sends for a time over one connection; gives the batches that were answered OK. */
async function talk(order: ThriftOrder, batch: EventBatch): Promise<number> {
  const send = order.by === "sink" ? await sinkSender(order) : await frameSender(order, batch);
  const endMs = performance.now() + order.seconds * 1000;
  let batches = 0;
  for (; performance.now() < endMs; batches++) await send.send(batch);
  await send.close();
  return batches;
}

interface Sender {
  send(batch: EventBatch): Promise<void>;
  close(): Promise<void> | void;
}

async function sinkSender({ port, protocol }: ThriftOrder): Promise<Sender> {
  const settings = { hostname: "127.0.0.1", port, protocol, "batch-size": EVENTS };
  const signal = new AbortController().signal;
  const sink = await (thrift as AnyPlugin).create(
    z.strictObject(thrift.config).parse(settings),
    loneContext("load"),
  ) as Sink;
  return {
    send: async (batch) => void await sink.write(batch, signal),
    close: () => sink.close?.(),
  };
}

async function frameSender({ port, protocol }: ThriftOrder, batch: EventBatch): Promise<Sender> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const writer = writerOf(protocol);
  const headers = new HeaderRows(batch.headers, writer, writerOf(protocol));
  writeBatch({ writer, headers, sequence: 1 }, batch, { from: 0, to: EVENTS });
  const frame = writer.bytes.written;
  const answer = new Uint8Array(256);
  return {
    async send() {
      for (let rest = frame; rest.length > 0;) rest = rest.subarray(await conn.write(rest));
      if (await conn.read(answer) === null) throw new Error("The source closed the connection");
    },
    close: () => conn.close(),
  };
}

async function run(order: ThriftOrder): Promise<LoadResult> {
  const batch = batchOf(order);
  const startMs = performance.now();
  const batches = await Promise.all(Array.from({ length: order.connections }, () => talk(order, batch)));
  const sum = batches.reduce((a, b) => a + b, 0);
  return {
    accepted: sum * EVENTS,
    refused: 0,
    bytes: sum * EVENTS * BODY_BYTES,
    ms: performance.now() - startMs,
    startEpochMs: performance.timeOrigin + startMs,
  };
}

if (import.meta.main) console.log(JSON.stringify(await run(JSON.parse(Deno.args[0]!))));
