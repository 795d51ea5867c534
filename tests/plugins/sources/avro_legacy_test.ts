import assert from "node:assert/strict";
import fc from "fast-check";
import { hashOf } from "../../../protocols/avro_rpc/protocol.ts";
import avroLegacy from "../../../plugins/sources/avro_legacy.ts";
import { plainEvents } from "../../support/avro_wire.ts";
import { runSource, type SourceRun } from "../../support/run_source.ts";
import { until } from "../../support/until.ts";

/** What Avro's HTTP client posted to Flume 1.11's source, and what that answered. */
const HEAD =
  "0000002b84f26a5a74af5726d8bc68105669c9960084f26a5a74af5726d8bc68105669c9960200000c617070656e6400";
const FIRST = HEAD + "00001c80a0cee0d54b04146576656e74203020c3a9aab4de75086f672d300000000000";
const SECOND = HEAD +
  "00002882a0cee0d54b06146576656e74203120c3a9acb4de75086f672d31020c41636b54616706782e790000000000";
const ANSWER = "00000004000000000000000100000000010000000000";

interface Running {
  readonly run: SourceRun;
  post(body: Uint8Array | string): Promise<{ status: number; bytes: Uint8Array; text: string }>;
}

async function withLegacy(settings: Record<string, unknown>, use: (running: Running) => Promise<void>) {
  const run = runSource(avroLegacy, { host: "127.0.0.1", port: 0, ...settings });
  try {
    await until("the port", () => run.context.counters.get("Port") > 0);
    const url = `http://127.0.0.1:${run.context.counters.get("Port")}/`;
    await use({
      run,
      async post(body) {
        const bytes = typeof body === "string" ? Uint8Array.fromHex(body) : body;
        const headers = { "content-type": "avro/binary" };
        const answer = await fetch(url, { method: "POST", body: new Uint8Array(bytes), headers });
        const got = await answer.bytes();
        return { status: answer.status, bytes: got, text: new TextDecoder().decode(got) };
      },
    });
  } finally {
    await run.stop();
  }
}

Deno.test("avro_legacy takes the events of a recorded client, and answers as Flume does", async () => {
  await withLegacy({}, async ({ run, post }) => {
    for (const body of [FIRST, SECOND]) {
      const { status, bytes } = await post(body);
      assert.deepEqual([status, bytes.toHex()], [200, ANSWER]);
    }
    const latin1 = (text: string) => new TextDecoder("latin1").decode(new TextEncoder().encode(text));
    assert.deepEqual(run.batches.flatMap(plainEvents), [
      {
        headers: {
          host: "og-0",
          timestamp: "1300000000000",
          pri: "WARN",
          nanos: "123456789",
          FlumeOG: "yes",
        },
        body: latin1("event 0 é"),
      },
      {
        headers: {
          host: "og-1",
          timestamp: "1300000000001",
          pri: "INFO",
          nanos: "123456790",
          AckTag: "x.y",
          FlumeOG: "yes",
        },
        body: latin1("event 1 é"),
      },
    ]);
  });
});

Deno.test("avro_legacy answers once the channel has the event", async () => {
  await withLegacy({}, async ({ run, post }) => {
    const later = Promise.withResolvers<void>();
    run.answer = () => later.promise;
    let isAnswered = false;
    const answered = post(FIRST).finally(() => isAnswered = true);
    await run.untilSize(1);
    assert.equal(isAnswered, false);
    later.resolve();
    assert.equal((await answered).status, 200);
  });
});

Deno.test("avro_legacy asks a client with an unknown hash for its protocol, and reads its events by it", async () => {
  const text = JSON.stringify({
    protocol: "FlumeEventAvroServer",
    messages: { append: { request: [{ name: "evt", type: "Event" }], response: "null" } },
    types: [{
      type: "record",
      name: "Event",
      fields: [{ name: "body", type: "bytes" }, { name: "host", type: "string" }, {
        name: "more",
        type: "int",
      }],
    }],
  });
  const hash = hashOf(text).toHex();
  const length = (text.length * 2 % 128 | 128).toString(16) +
    Math.floor(text.length * 2 / 128).toString(16).padStart(2, "0");
  const call = "00" + "0c" + "617070656e64" + "046869" + "02" + "61" + "0a";
  const framed = (hex: string) => (hex.length / 2).toString(16).padStart(8, "0") + hex + "00000000";
  const unknown = framed(`${hash}00${hash}0200${call}`);
  const shown = framed(`${hash}02${length}${new TextEncoder().encode(text).toHex()}${hash}0200${call}`);
  await withLegacy({}, async ({ run, post }) => {
    const asked = await post(unknown);
    assert.match(asked.text, /"protocol":"FlumeOGEventAvroServer"/);
    assert.equal(asked.bytes[4], 4, "match NONE");
    assert.equal(run.size, 0);
    assert.equal((await post(shown)).bytes[4], 2, "match CLIENT");
    assert.equal((await post(unknown)).bytes[4], 2, "the hash is known now");
    assert.deepEqual(run.batches.flatMap(plainEvents), [
      { headers: { host: "a", FlumeOG: "yes" }, body: "hi" },
      { headers: { host: "a", FlumeOG: "yes" }, body: "hi" },
    ]);
  });
});

Deno.test("avro_legacy refuses what is no call, counts it and says so", async () => {
  await withLegacy({ maxEventBytes: 200 }, async ({ run, post }) => {
    assert.deepEqual(await post("7fffffff00"), {
      status: 400,
      bytes: new TextEncoder().encode("Byte 0: a buffer of 2147483647 bytes where 1 are left\n"),
      text: "Byte 0: a buffer of 2147483647 bytes where 1 are left\n",
    });
    assert.equal((await post("")).status, 400);
    assert.equal((await post(new Uint8Array(201))).status, 413);
    assert.equal((await post(FIRST.replace("617070656e64", "62616e697368"))).status, 400);
    assert.equal(run.context.counters.get("EventReadFail"), 3);
    assert.match(
      run.context.lines.find(({ level }) => level === "warn")!.text,
      /^Refused a request: 127\.0\.0\.1:\d+ sent no call$/,
    );
    const url = `http://127.0.0.1:${run.context.counters.get("Port")}/`;
    const got = await fetch(url);
    assert.equal(got.status, 405);
    await got.body?.cancel();
  });
});

Deno.test("avro_legacy gives up on a request that takes too long", async () => {
  await withLegacy({ bodyTimeout: 20 }, async ({ run }) => {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: run.context.counters.get("Port") });
    await conn.write(
      new TextEncoder().encode("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf"),
    );
    const buffer = new Uint8Array(1000);
    const bytes = await conn.read(buffer);
    assert.match(new TextDecoder().decode(buffer.subarray(0, bytes ?? 0)), /^HTTP\/1\.1 413 /);
  });
});

Deno.test("avro_legacy answers damaged calls with 200 or 400", async () => {
  const sample = Uint8Array.fromHex(SECOND);
  const change = fc.record({
    at: fc.nat(sample.length),
    put: fc.uint8Array({ maxLength: 3 }),
    cut: fc.nat(3),
  });
  const seed = Deno.env.get("PROPERTY_SEED");
  await withLegacy({}, async ({ post }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const bytes = Array.from(sample);
        for (const { at, cut, put } of changes) bytes.splice(at % (bytes.length + 1), cut, ...put);
        assert.ok([200, 400].includes((await post(Uint8Array.from(bytes))).status));
      }),
      { numRuns: 200, ...seed === undefined ? {} : { seed: Number(seed) } },
    );
  });
});
