import assert from "node:assert/strict";
import { ChannelFullError } from "sluice/plugin";
import { frame, framesOf, GOLDEN_EVENTS, headOf, spell, wire } from "../../support/thrift_wire.ts";
import { until } from "../../support/until.ts";
import { plainEvents, readBytes, readToEnd, send, withThrift } from "./_thrift/client.ts";

const APPEND = frame(`${headOf("append")} 1c 1b00 1801 'a' 00 00`);
const APPEND_OK = "0000000e 8241 01 06 'append' 0500 00 00";

for (const protocol of ["compact", "binary"] as const) {
  Deno.test(`thrift source answers Flume's ${protocol} calls byte for byte, one after the other`, async () => {
    await withThrift({ protocol }, async ({ run, connect }) => {
      const conn = await connect();
      const answers = framesOf(wire(`thrift-${protocol}`, "s2c"));
      for (const [index, call] of framesOf(wire(`thrift-${protocol}`, "c2s")).entries()) {
        await send(conn, call);
        assert.deepEqual(await readBytes(conn, answers[index]!.length), answers[index]);
      }
      conn.close();
      assert.deepEqual(plainEvents(run.batches), GOLDEN_EVENTS);
      assert.deepEqual(run.batches.map(({ size }) => size), [1, 3, 1]);
    });
  });

  Deno.test(`thrift source answers ${protocol} calls that come in single bytes, or all at once`, async () => {
    const [calls, answers] = [wire(`thrift-${protocol}`, "c2s"), wire(`thrift-${protocol}`, "s2c")];
    await withThrift({ protocol }, async ({ run, exchange }) => {
      assert.deepEqual(await exchange(...Array.from(calls, (byte) => Uint8Array.of(byte))), answers);
      assert.deepEqual(await exchange(calls), answers);
      assert.deepEqual(plainEvents(run.batches), [...GOLDEN_EVENTS, ...GOLDEN_EVENTS]);
    });
  });
}

Deno.test("thrift source takes calls that are larger than what one read gives", async () => {
  await withThrift({}, async ({ run, exchange }) => {
    assert.deepEqual(await exchange(wire("thrift-big", "c2s")), wire("thrift-big", "s2c"));
    const bodies = run.bodies();
    assert.equal(bodies.length, 101);
    assert.equal(bodies[39], `big event 39 ${"abcdefghij".repeat(39)}`);
    assert.equal(bodies[100], "0123456789".repeat(2000));
    assert.deepEqual(run.batches[0]!.header(99, "i"), "99");
  });
});

Deno.test("thrift source answers FAILED as Flume does, when the channel refuses, and goes on", async () => {
  await withThrift({}, async ({ run, exchange }) => {
    run.answer = ({ size }) =>
      size === 3 ? Promise.reject(new ChannelFullError("Channel main is full")) : undefined;
    assert.deepEqual(await exchange(wire("thrift-refused", "c2s")), wire("thrift-refused", "s2c"));
    assert.deepEqual(await exchange(APPEND), spell(APPEND_OK));
  });
});

Deno.test("thrift source answers in the order of the calls and only after the commit", async () => {
  await withThrift({}, async ({ run, connect }) => {
    const commits: PromiseWithResolvers<void>[] = [];
    run.answer = () => {
      commits.push(Promise.withResolvers<void>());
      return commits.at(-1)!.promise;
    };
    const conn = await connect();
    const answers = readToEnd(conn);
    await send(conn, wire("thrift-refused", "c2s"));
    await until("both calls to wait for their commits", () => commits.length === 2);
    commits[1]!.reject(new Error("Disk full"));
    commits[0]!.resolve();
    await conn.closeWrite();
    assert.deepEqual(await answers, wire("thrift-refused", "s2c"));
  });
});

Deno.test("thrift source stops reading from a client that owes itself too many answers", async () => {
  await withThrift({}, async ({ run, connect }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    run.answer = () => promise;
    const conn = await connect();
    const answers = readToEnd(conn);
    for (let call = 0; call < 40; call++) await send(conn, APPEND);
    await until("calls to wait", () => run.batches.length >= 16);
    await new Promise((later) => setTimeout(later));
    assert.equal(run.batches.length, 16);
    resolve();
    await conn.closeWrite();
    assert.equal((await answers).length, 40 * spell(APPEND_OK).length);
  });
});

Deno.test("thrift source writes the answers that it owes, when it stops", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let answers = Promise.resolve(new Uint8Array(0)) as Promise<Uint8Array>;
  await withThrift({}, async ({ run, connect }) => {
    run.answer = () => promise;
    const conn = await connect();
    answers = readToEnd(conn);
    await send(conn, APPEND);
    await until("the call to wait", () => run.batches.length === 1);
    const stopped = run.stop();
    resolve();
    await stopped;
  });
  assert.deepEqual(await answers, spell(APPEND_OK));
});
