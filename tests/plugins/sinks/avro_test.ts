import assert from "node:assert/strict";
import { constants, inflateSync } from "node:zlib";
import { type AnyPlugin, type Context, errorText, EventBatch, type Sink, z } from "sluice/plugin";
import avro from "../../../plugins/sinks/avro.ts";
import { frameEnds, recorded } from "../../support/avro_wire.ts";
import { testContext } from "../../support/context.ts";
import { until } from "../../support/until.ts";
import { Receiver } from "./_rpc/receiver.ts";

const NEVER = new AbortController().signal;
const OK = recorded("sink-avro", "s2c");
const ANSWER_ENDS = frameEnds(OK);

/** The answers of a recorded source, call by call on each connection; then OK with whatever serial comes. */
function recordedAnswer(frame: number): Uint8Array {
  if (frame < ANSWER_ENDS.length) return OK.subarray(ANSWER_ENDS[frame - 1] ?? 0, ANSWER_ENDS[frame]);
  const answer = OK.slice(ANSWER_ENDS.at(-2));
  new DataView(answer.buffer).setInt32(0, frame + 1);
  return answer;
}

async function makeSink(
  port: number,
  settings: Record<string, unknown>,
  context: Context = testContext(),
): Promise<Sink> {
  const config = z.strictObject(avro.config).parse({ hostname: "127.0.0.1", port, ...settings });
  return await (avro as AnyPlugin).create(config, context) as Sink;
}

function numbered(from: number, to: number): EventBatch {
  const bodies = Array.from(
    { length: to - from },
    (_, index) => new TextEncoder().encode(String(from + index)),
  );
  return EventBatch.ofBodies(bodies).withHeader("from", "s1");
}

async function writeTwelve(sink: Sink): Promise<void> {
  for (const from of [0, 4, 8]) await sink.write(numbered(from, from + 4), NEVER);
  await sink.close?.();
}

Deno.test("avro sends the bytes of Flume's sink, when batches have no identity to show", async () => {
  using receiver = new Receiver(recordedAnswer);
  await writeTwelve(await makeSink(receiver.port, { batchIdentity: false }));
  await until("the end of the connection", () => receiver.ended === 1);
  assert.deepEqual(receiver.received, [recorded("sink-avro", "c2s")]);
});

Deno.test("avro sends one zlib stream that holds the bytes of Flume's sink, and ends it in order", async () => {
  const answers = recorded("sink-avro-deflate", "s2c");
  const ends = [0, 27, 38, 48];
  const inflate = (bytes: Uint8Array) =>
    new Uint8Array(inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }));
  using receiver = new Receiver((frame) => answers.subarray(ends[frame], ends[frame + 1]), { read: inflate });
  await writeTwelve(await makeSink(receiver.port, { batchIdentity: false, "compression-type": "deflate" }));
  await until("the end of the connection", () => receiver.ended === 1);
  // Without finishFlush a stream that has no end would throw.
  assert.deepEqual(new Uint8Array(inflateSync(receiver.received[0]!)), recorded("sink-avro", "c2s"));
});

Deno.test("avro says why events were not delivered, and connects anew, as Flume does", async () => {
  const context = testContext();
  const refusal = OK.slice(0, ANSWER_ENDS[0]);
  refusal[refusal.length - 1] = 2;
  using receiver = new Receiver((frame, connection) => connection === 0 ? refusal : recordedAnswer(frame));
  const sink = await makeSink(receiver.port, {}, context);
  await assert.rejects(async () => await sink.write(numbered(0, 4), NEVER), (fault: Error) => {
    assert.equal(fault.name, "DeliveryError");
    assert.equal(
      errorText(fault),
      `Cannot deliver 4 events to 127.0.0.1:${receiver.port}: The source answered FAILED`,
    );
    return true;
  });
  await sink.write(numbered(0, 4), NEVER);
  await sink.write(numbered(4, 104), NEVER);
  await sink.close?.();
  assert.deepEqual(context.counters.snapshot(), {
    ConnectionCreatedCount: 2,
    ConnectionClosedCount: 2,
    BatchUnderflowCount: 2,
    BatchCompleteCount: 1,
  });
});

Deno.test("avro says where it cannot connect to, and counts it", async () => {
  const context = testContext();
  const port = closedPort();
  const sink = await makeSink(port, {}, context);
  await assert.rejects(async () => await sink.write(numbered(0, 4), NEVER), {
    name: "DeliveryError",
    message: `Cannot connect to 127.0.0.1:${port}`,
  });
  assert.equal(context.counters.get("ConnectionFailedCount"), 1);
});

Deno.test("avro takes Flume's 20 s where less than 1 s is written, and says so", async () => {
  const context = testContext();
  await makeSink(1, { "connect-timeout": 999, "request-timeout": "1s" }, context);
  assert.deepEqual(context.lines.map(({ level, text }) => `${level} ${text}`), [
    "warn connect-timeout is below 1000 ms: 20000 ms are taken",
  ]);
});

function closedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
