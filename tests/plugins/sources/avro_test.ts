import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";
import { ChannelFullError } from "sluice/plugin";
import { hashOf, PROTOCOL_TEXT } from "../../../protocols/avro_rpc/protocol.ts";
import { frameEnds, framesOf, GOLDEN, plainEvents, recorded } from "../../support/avro_wire.ts";
import { readBytes, readToEnd, type RunningAvro, send, withAvroSource } from "./_avro/running.ts";

const GOLDEN_EVENTS = GOLDEN.map(({ headers, body }) => ({
  headers,
  body: new TextDecoder("latin1").decode(body),
}));

/** Sends a recorded client's calls, each after the answer to the one before; gives all answers. */
async function replay({ connect }: RunningAvro, name: string, pieceBytes?: number): Promise<Uint8Array> {
  const [calls, answers] = [recorded(name, "c2s"), recorded(name, "s2c")];
  using conn = await connect();
  const got: Uint8Array[] = [];
  let [sent, read] = [0, 0];
  const answerEnds = frameEnds(answers);
  for (const [index, end] of frameEnds(calls).entries()) {
    await send(conn, calls.subarray(sent, end), pieceBytes);
    got.push(await readBytes(conn, answerEnds[index]! - read));
    [sent, read] = [end, answerEnds[index]!];
  }
  return new Uint8Array(got.flatMap((bytes) => [...bytes]));
}

for (const name of ["avro-plain", "avro-big", "avro-cli"]) {
  for (const pieceBytes of [undefined, 7, 1]) {
    if (name === "avro-big" && pieceBytes) continue;
    Deno.test(`avro answers a recorded client as Flume does: ${name}, in pieces of ${pieceBytes ?? "all"} bytes`, async () => {
      await withAvroSource({}, async (running) => {
        assert.deepEqual(await replay(running, name, pieceBytes), recorded(name, "s2c"));
      });
    });
  }
}

Deno.test("avro gives the events of a recorded client with their headers, a batch of a call as one", async () => {
  const run = await withAvroSource({}, async (running) => void await replay(running, "avro-plain"));
  assert.deepEqual(run.batches.map(({ size }) => size), [1, 3, 1]);
  assert.deepEqual(run.batches.flatMap(plainEvents), GOLDEN_EVENTS);
});

Deno.test("avro joins what is cut into buffers of 8192 bytes", async () => {
  const run = await withAvroSource({}, async (running) => void await replay(running, "avro-big"));
  const expected = Array.from({ length: 100 }, (_, i) => `big event ${i} ${"abcdefghij".repeat(i % 40)}`);
  assert.deepEqual(run.bodies(), [...expected, "0123456789".repeat(2000)]);
  assert.deepEqual(run.batches[0]!.headers.get("i"), Array.from({ length: 100 }, (_, i) => String(i)));
});

Deno.test("avro answers FAILED when the channel refuses, as Flume does", async () => {
  await withAvroSource({}, async (running) => {
    running.run.answer = ({ size }) => size < 3 ? undefined : Promise.reject(new ChannelFullError("Full"));
    assert.deepEqual(await replay(running, "avro-refused"), recorded("avro-refused", "s2c"));
  });
});

Deno.test("avro answers deflated calls as Flume does", async () => {
  for (const name of ["avro-deflate", "avro-big-deflate", "sink-avro-deflate"]) {
    await withAvroSource({ "compression-type": "deflate" }, async ({ run, connect }) => {
      const conn = await connect();
      const answers = inflateSync(recorded(name, "s2c"), { finishFlush: 2 });
      // Sent at once: the answers come in order all the same.
      await send(conn, recorded(name, "c2s"));
      await conn.closeWrite();
      const got = inflateSync(await readToEnd(conn), { finishFlush: 2 });
      assert.deepEqual(new Uint8Array(got), new Uint8Array(answers));
      assert.deepEqual(run.context.counters.get("EventReadFail"), 0);
    });
  }
});

Deno.test("avro shows its protocol to a stranger, and then takes its calls", async () => {
  const run = await withAvroSource({}, async ({ connect }) => {
    const calls = recorded("avro-stranger", "c2s");
    const [first = 0, second = 0] = frameEnds(calls);
    using conn = await connect();
    await send(conn, calls.subarray(0, first));
    const [told] = framesOf(await readBytes(conn, 12 + 4 + PROTOCOL_TEXT.length + 18));
    const text = new TextDecoder().decode(told!.content);
    assert.equal(told!.content[0], 4, "match NONE");
    assert.equal(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1), PROTOCOL_TEXT);
    assert.deepEqual(
      told!.content.subarray(-18).toHex(),
      "0286aadae2c45474c0fe93ffd0f2350a6500",
      "Flume's hash, and no meta",
    );
    await send(conn, calls.subarray(first, second));
    const shaken = "00000002000000030000000400000000000000010000000002" + "0000";
    assert.equal((await readBytes(conn, shaken.length / 2)).toHex(), shaken);
    await send(conn, calls.subarray(second));
    const answered = "00000003000000030000000000000001000000000200" + "00";
    assert.equal((await readBytes(conn, answered.length / 2)).toHex(), answered);
  });
  assert.deepEqual(run.bodies(), ["first", "second"]);
  assert.equal(run.batches[1]!.header(0, "who"), "stranger");
});

Deno.test("avro knows a stranger's protocol on the next connection, if the hash is the text's", async () => {
  const calls = recorded("avro-stranger", "c2s");
  const [first = 0, second = 0] = frameEnds(calls);
  await withAvroSource({}, async ({ connect }) => {
    using one = await connect();
    await send(one, calls.subarray(first, second));
    await readBytes(one, 27);
    using other = await connect();
    await send(other, calls.subarray(0, first));
    assert.equal((await readBytes(other, 13)).at(12), 2, "match CLIENT: the client should know our hash");
  });
  assert.equal(hashOf(PROTOCOL_TEXT).length, 16);
});

Deno.test("avro answers calls that are sent without waiting, in order", async () => {
  const calls = recorded("avro-plain", "c2s");
  await withAvroSource({}, async ({ run, connect }) => {
    const later = Promise.withResolvers<void>();
    run.answer = ({ size }) => size === 1 && run.batches.length === 1 ? later.promise : undefined;
    using conn = await connect();
    await send(conn, calls);
    await run.untilSize(5);
    later.resolve();
    assert.deepEqual(await readBytes(conn, 73), recorded("avro-plain", "s2c"));
  });
});

Deno.test("avro counts as Flume does", async () => {
  const run = await withAvroSource({}, async (running) => {
    running.run.answer = ({ size }) => size < 3 ? undefined : Promise.reject(new ChannelFullError("Full"));
    await replay(running, "avro-refused");
    assert.equal(running.run.context.counters.get("OpenConnectionCount"), 1);
  });
  const { AppendReceivedCount, AppendAcceptedCount, AppendBatchReceivedCount, AppendBatchAcceptedCount } = run
    .context.counters.snapshot();
  assert.deepEqual([AppendReceivedCount, AppendAcceptedCount], [1, 1]);
  assert.deepEqual([AppendBatchReceivedCount, AppendBatchAcceptedCount ?? 0], [1, 0]);
});

Deno.test("avro answers a call that it does not know with an error, and takes the next", async () => {
  const known = recorded("avro-plain", "c2s").slice();
  const [first = 0] = frameEnds(known);
  const unknown = known.slice(0, first);
  unknown.set(
    new TextEncoder().encode("banish"),
    new TextDecoder("latin1").decode(unknown).indexOf("append"),
  );
  await withAvroSource({}, async ({ run, connect }) => {
    using conn = await connect();
    await send(conn, unknown);
    const head = await readBytes(conn, 8 + 8 + 5);
    assert.equal(head.toHex().slice(16), "00000004000000000000000100");
    const [length] = (await readBytes(conn, 4)).slice(3);
    const error = await readBytes(conn, length!);
    assert.deepEqual([...error.subarray(0, 2)], [1, 0], "an error that is a string");
    assert.match(new TextDecoder().decode(error), /There is no call "banish", only append and appendBatch/);
    await send(conn, known.subarray(first));
    await run.untilSize(4);
  });
});
