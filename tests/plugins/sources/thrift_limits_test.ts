import assert from "node:assert/strict";
import { type AnyPlugin, type Channel, type EventBatch, type Source, z } from "sluice/plugin";
import thriftSink from "../../../plugins/sinks/thrift.ts";
import thrift from "../../../plugins/sources/thrift.ts";
import { memoryChannel, startParts } from "../../support/plan.ts";
import { frame, headOf, spell, wire } from "../../support/thrift_wire.ts";
import { until } from "../../support/until.ts";
import { withBudget } from "./_rpc/budget_run.ts";
import { readBytes, readToEnd, send, withThrift } from "./_thrift/client.ts";

const APPEND = frame(`${headOf("append")} 1c 1b00 1801 'a' 00 00`);
const OK = spell("0000000e 8241 01 06 'append' 0500 00 00");
const FAILED = spell("0000000e 8241 01 06 'append' 0500 02 00");

Deno.test("thrift source counts as Flume does, calls of one event apart from batches, refused ones not as accepted", async () => {
  const stop = Promise.withResolvers<void>();
  const config = z.strictObject(thrift.config).parse({ bind: "127.0.0.1", port: 0 });
  const pipeline = await startParts({
    source: (context) => (thrift as AnyPlugin).create(config, context) as Source,
    channels: { main: memoryChannel(2, 0.01) as Channel },
    sinks: { main: () => ({ write: (_batch: EventBatch) => stop.promise }) },
  });
  const counters = () => pipeline.components()[0]!.counters;
  await until("the port", () => (counters().Port ?? 0) > 0);
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: counters().Port! });
  await send(conn, wire("thrift-refused", "c2s"));
  assert.deepEqual(await readBytes(conn, 41), wire("thrift-refused", "s2c"));
  conn.close();
  const { AppendReceivedCount, AppendAcceptedCount, AppendBatchReceivedCount, AppendBatchAcceptedCount } =
    counters();
  assert.deepEqual([AppendReceivedCount, AppendAcceptedCount], [1, 1]);
  assert.deepEqual([AppendBatchReceivedCount, AppendBatchAcceptedCount], [1, 0]);
  const { EventReceivedCount, EventAcceptedCount, ChannelWriteFail } = counters();
  assert.deepEqual([EventReceivedCount, EventAcceptedCount, ChannelWriteFail], [4, 1, 1]);
  stop.resolve();
  await pipeline.stop();
});

Deno.test("thrift source answers FAILED, when the calls of all clients together are too much", async () => {
  await withBudget("thrift", APPEND.length - 4, async ({ connect, context, accept }) => {
    const [one, other] = [await connect(), await connect()];
    const answers = [readToEnd(one), readToEnd(other)] as const;
    await send(one, APPEND);
    await send(other, APPEND);
    await until("a refusal", () => context.lines.length > 0);
    assert.equal(context.lines[0]!.text, "Refused a batch: too much is under way");
    assert.equal(context.counters.get("ChannelWriteFail"), 1);
    accept();
    await Promise.all([one.closeWrite(), other.closeWrite()]);
    const got = (await Promise.all(answers)).map((bytes) => bytes.toHex());
    assert.deepEqual(got.toSorted(), [OK.toHex(), FAILED.toHex()].toSorted());
  });
});

Deno.test("thrift source holds no more memory than bytes that came, whatever is announced", async () => {
  await withThrift({}, async ({ connect, run }) => {
    const before = Deno.memoryUsage().external;
    const conns = await Promise.all(Array.from({ length: 50 }, connect));
    for (const conn of conns) await send(conn, spell("00f9ffff 8221"));
    await until("all clients", () => run.context.counters.get("OpenConnectionCount") === 50);
    const grown = Deno.memoryUsage().external - before;
    assert.ok(grown < 50e6, `${grown} bytes for 50 clients`);
    for (const conn of conns) conn.close();
  });
});

Deno.test("thrift source refuses clients over the limit, and closes idle ones", async () => {
  await withThrift({ maxConnections: 1, idleTimeout: 0.05 }, async ({ connect, run }) => {
    const first = await connect();
    await until("the first client", () => run.context.counters.get("OpenConnectionCount") === 1);
    assert.equal((await readToEnd(await connect())).length, 0);
    assert.equal(run.context.counters.get("ConnectionRefusedCount"), 1);
    assert.equal((await readToEnd(first)).length, 0);
  });
});

Deno.test("thrift source and sink say what to do in place of Kerberos", () => {
  const settings = { source: { bind: "::", port: 0 }, sink: { hostname: "next", port: 1 } };
  for (const plugin of [thrift, thriftSink] as AnyPlugin[]) {
    const own = settings[plugin.kind as "source" | "sink"];
    const config = z.strictObject(plugin.config).parse({ ...own, kerberos: true });
    const [complaint, ...more] = plugin.check!(config);
    assert.equal(complaint!.key, "kerberos");
    assert.match(complaint!.fix!, /ssl = true/);
    assert.deepEqual(more, []);
    assert.deepEqual(plugin.check!({ ...config, kerberos: false }), []);
  }
});
