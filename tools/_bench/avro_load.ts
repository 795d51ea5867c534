// Runs as a process of its own: sends batches with our avro sink for a time, and prints a LoadResult.
import { type AnyPlugin, EventBatch, loneContext, type Sink, z } from "sluice/plugin";
import avro from "../../plugins/sinks/avro.ts";
import type { LoadResult } from "./load.ts";

/** What to send, and where. */
export interface AvroOrder {
  readonly port: number;
  /** Sinks, each with a connection of its own. */
  readonly connections: number;
  readonly seconds: number;
  readonly compression: "none" | "deflate";
  /** Headers of each event: none, or two that are the same for all and one that is not. */
  readonly hasHeaders: boolean;
}

const EVENTS = 1000;
const BODY_BYTES = 200;
const NEVER = new AbortController().signal;

function batchOf({ hasHeaders }: AvroOrder): EventBatch {
  const line = "GET /catalogue/books/1482?branch=k%C3%B6ln HTTP/1.1 200 5316 ".repeat(4).slice(
    0,
    BODY_BYTES - 4,
  );
  const bodies = Array.from({ length: EVENTS }, (_, index) => `${line}${String(index).padStart(4, "0")}`);
  const batch = EventBatch.ofBodies(bodies.map((body) => new TextEncoder().encode(body)));
  if (!hasHeaders) return batch;
  const times = Array.from({ length: EVENTS }, (_, index) => String(1_700_000_000_000 + index));
  return batch.withHeader("host", "web-1").withHeader("datacenter", "köln").withHeader("timestamp", times);
}

async function makeSink({ port, compression }: AvroOrder): Promise<Sink> {
  const settings = { hostname: "127.0.0.1", port, "batch-size": EVENTS, "compression-type": compression };
  return await (avro as AnyPlugin).create(
    z.strictObject(avro.config).parse(settings),
    loneContext("load"),
  ) as Sink;
}

/** Sends for a time; gives the batches that were answered OK. */
async function talk(order: AvroOrder, batch: EventBatch): Promise<number> {
  const sink = await makeSink(order);
  const endMs = performance.now() + order.seconds * 1000;
  let batches = 0;
  for (; performance.now() < endMs; batches++) await sink.write(batch, NEVER);
  await sink.close?.();
  return batches;
}

async function run(order: AvroOrder): Promise<LoadResult> {
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
