import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EventBatch } from "sluice/plugin";
import { makeTransform, type TransformPlan } from "../../../../../plugins/sinks/_hdfs/formats/transform.ts";
import {
  TransformPool,
  type TransformPoolOptions,
} from "../../../../../plugins/sinks/_hdfs/formats/transform_pool.ts";
import { HADOOP_CODEC_NAMES } from "../../../../../protocols/hadoop/compression.ts";
import { testContext } from "../../../../support/context.ts";
import { type FormatWords, inPieces, stageBatches, testFormat } from "../../../../support/file_format.ts";
import { readSequenceFile } from "../../../../support/sequence_file.ts";
import { until } from "../../../../support/until.ts";

const SCHEMA = {
  type: "record",
  name: "Row",
  fields: [{ name: "body", type: "string" }, { name: "n", type: ["null", "long"], default: null }],
};
const WORKERS = Math.max(1, Math.min(4, navigator.hardwareConcurrency - 1));
const PROGRAM =
  new URL("../../../../../plugins/sinks/_hdfs/formats/transform_worker.ts", import.meta.url).href;
const DYING = `data:text/javascript,${
  encodeURIComponent('onmessage = () => { throw new Error("no room left"); }')
}`;

/** Bodies that differ, as JSON where a format wants rows. */
function batchesOf(count: number, bodyBytes = 40): EventBatch[] {
  return Array.from({ length: count }, (_, batch) =>
    EventBatch.from(Array.from({ length: 1000 }, (_, at) => {
      const n = batch * 1000 + at;
      return { headers: {}, body: JSON.stringify({ body: `${n * 7919}`.padStart(bodyBytes, "-x"), n }) };
    })));
}

async function stagedOf(words: FormatWords, batches: EventBatch[]) {
  const format = await testFormat(words);
  return { plan: format.transform!, staged: (await stageBatches(format, batches)).staged };
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

async function inPlace(plan: TransformPlan, staged: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return await collect((await makeTransform(plan))(staged));
}

function openPool(change: Partial<TransformPoolOptions> = {}) {
  const pool = new TransformPool({ slots: 10, log: testContext().log, ...change });
  return {
    pool,
    run: async (plan: TransformPlan, staged: AsyncIterable<Uint8Array>) =>
      (await pool.transformOf(plan))(staged),
    [Symbol.dispose]: () => pool.close(),
  };
}

/** Two files of the same rows differ in their markers, which are random. */
function comparable(words: FormatWords, file: Buffer): unknown {
  if (words["hdfs.fileType"] === "Avro") return file.toString("latin1").replaceAll(marker(file), "marker");
  return words["hdfs.fileType"] === undefined ? { ...readSequenceFile(file), sync: undefined } : file;
}

const marker = (file: Buffer) => file.subarray(-16).toString("latin1");

const FORMATS: readonly FormatWords[] = [
  ...HADOOP_CODEC_NAMES.map((name) => ({ "hdfs.fileType": "CompressedStream", "hdfs.codeC": name })),
  { "hdfs.fileType": "CompressedStream", "hdfs.codeC": "gzip", "hdfs.codecLevel": 1 },
  ...["gzip", "bzip2", "snappy", "lz4", "zstd"].map((name) => ({ "hdfs.codeC": name })),
  { "hdfs.codeC": "snappy", "hdfs.compressBy": "value", "hdfs.writeFormat": "Text" },
  ...["deflate", "snappy", "zstd", "None"].map((name) => {
    return { "hdfs.fileType": "Avro", "hdfs.codeC": name, schema: SCHEMA };
  }),
  ...["snappy", "gzip", "zstd", "None"].map((name) => {
    return { "hdfs.fileType": "Parquet", "hdfs.codeC": name, schema: SCHEMA, rowGroupRows: 2500 };
  }),
];

Deno.test("files of all formats are the same from a worker as in place", async () => {
  using at = openPool();
  const batches = batchesOf(8);
  for (const words of FORMATS) {
    const { plan, staged } = await stagedOf(words, batches);
    for (const bytes of [staged, new Uint8Array(0)]) {
      const own = comparable(words, await inPlace(plan, inPieces(bytes, 60_000)));
      const theirs = comparable(words, await collect(await at.run(plan, inPieces(bytes, 60_000))));
      assert.deepEqual(theirs, own, JSON.stringify(words));
    }
  }
  assert.equal(at.pool.size, 1);
});

Deno.test("many files at once share a few workers, and each is read on only when it is fetched", async () => {
  using at = openPool();
  const { plan } = await stagedOf({ "hdfs.fileType": "CompressedStream", "hdfs.codeC": "snappy" }, []);
  const pieces = Array.from({ length: 60 }, () => crypto.getRandomValues(new Uint8Array(50_000)));
  const whole = await inPlace(plan, inPieces(Buffer.concat(pieces), 50_000));
  const counts: number[] = [];
  const files = await Promise.all(Array.from({ length: 24 }, async (_, file) => {
    const staged = async function* () {
      for (counts[file] = 0; counts[file]! < pieces.length; counts[file]!++) yield pieces[counts[file]!]!;
      await Promise.resolve();
    };
    const parts = (await at.run(plan, staged()))[Symbol.asyncIterator]();
    return { parts, first: (await parts.next()).value! };
  }));
  assert.ok(at.pool.size <= WORKERS, `${at.pool.size} workers`);
  // A block of Snappy takes five pieces; four more are under way or wait to be.
  assert.ok(Math.max(...counts) <= 10, `${counts} pieces read`);
  for (const { parts, first } of files) {
    const rest = await collect({ [Symbol.asyncIterator]: () => parts });
    assert.ok(Buffer.concat([first, rest]).equals(whole));
  }
});

Deno.test("a file that is given up lets go of its source and its worker goes on", async () => {
  using at = openPool();
  const { plan } = await stagedOf({ "hdfs.fileType": "CompressedStream", "hdfs.codeC": "gzip" }, []);
  let isEnded = false;
  const staged = async function* () {
    try {
      for (;;) yield crypto.getRandomValues(new Uint8Array(60_000));
    } finally {
      await Promise.resolve();
      isEnded = true;
    }
  };
  for await (const part of await at.run(plan, staged())) {
    assert.ok(part.length > 0);
    break;
  }
  await until("the source was ended", () => isEnded);
  const bytes = Buffer.from("still there");
  assert.deepEqual(
    await collect(await at.run(plan, inPieces(bytes, 5))),
    await inPlace(plan, inPieces(bytes, 5)),
  );
});

Deno.test("a silent source that is stopped ends its file", async () => {
  using at = openPool();
  const { plan } = await stagedOf({ "hdfs.fileType": "CompressedStream", "hdfs.codeC": "zstd" }, []);
  const stop = new AbortController();
  let isSilent = false;
  const staged = async function* () {
    yield new Uint8Array(10);
    isSilent = true;
    await new Promise((_, reject) => stop.signal.addEventListener("abort", () => reject(stop.signal.reason)));
  };
  const made = collect(await at.run(plan, staged()));
  await until("the source was silent", () => isSilent);
  const cause = new Error("The sink ends");
  stop.abort(cause);
  await assert.rejects(made, (thrown) => thrown === cause);
});

Deno.test("what a transform throws comes back from a worker as it would be thrown in place", async () => {
  using at = openPool();
  const words = { "hdfs.fileType": "Parquet", schema: SCHEMA };
  const { plan, staged } = await stagedOf(words, batchesOf(1));
  const cut = staged.subarray(0, staged.length - 3);
  const own = await inPlace(plan, inPieces(cut, 10_000)).catch((cause: unknown) => cause);
  assert.ok(own instanceof SyntaxError);
  await assert.rejects(
    async () => await collect(await at.run(plan, inPieces(cut, 10_000))),
    { name: own.name, message: own.message },
  );
  const codec = { className: "org.example.NoCodec", level: undefined };
  await assert.rejects(
    async () => await collect(await at.run({ kind: "stream", codec }, inPieces(cut, 10_000))),
    { name: "RangeError", message: /There is no codec "org.example.NoCodec"/ },
  );
  assert.equal(at.pool.size, 1);
});

Deno.test("a worker that dies fails the files that it is at, and the next ones get another", async () => {
  const programs = [DYING, PROGRAM];
  using at = openPool({ slots: 1, start: () => new Worker(programs.shift()!, { type: "module" }) });
  const { plan } = await stagedOf({ "hdfs.fileType": "CompressedStream", "hdfs.codeC": "gzip" }, []);
  const bytes = Buffer.from("a line\n".repeat(50_000));
  const lost = await Promise.allSettled(
    [1, 2].map(async () => await collect(await at.run(plan, inPieces(bytes, 50_000)))),
  );
  for (const outcome of lost) {
    assert.equal(outcome.status, "rejected");
    assert.match(String(outcome.reason), /^Error: The worker that made the file has ended.*no room left/);
  }
  assert.equal(at.pool.size, 0);
  const made = await collect(await at.run(plan, inPieces(bytes, 50_000)));
  assert.deepEqual(made, await inPlace(plan, inPieces(bytes, 50_000)));
});

Deno.test("a worker that has had nothing to do for a while ends, and comes back for the next file", async () => {
  using at = openPool({ idleMs: 1 });
  const { plan } = await stagedOf({ "hdfs.fileType": "CompressedStream", "hdfs.codeC": "lz4" }, []);
  for (let file = 0; file < 2; file++) {
    const made = await collect(await at.run(plan, inPieces(Buffer.from("line\n"), 5)));
    assert.deepEqual(made, await inPlace(plan, inPieces(Buffer.from("line\n"), 5)));
    await until("the worker has ended", () => at.pool.size === 0);
  }
});

Deno.test("what a closed pool is at fails, and it starts nothing more", async () => {
  const at = openPool();
  const { plan } = await stagedOf({ "hdfs.fileType": "CompressedStream", "hdfs.codeC": "gzip" }, []);
  const endless = async function* () {
    for (;;) yield await Promise.resolve(crypto.getRandomValues(new Uint8Array(60_000)));
  };
  const made = collect(await at.run(plan, endless()));
  await until("a worker was there", () => at.pool.size === 1);
  at.pool.close();
  await assert.rejects(made, /The sink ends/);
  await assert.rejects(async () => await collect(await at.run(plan, endless())), /The sink ends/);
  assert.equal(at.pool.size, 0);
});

Deno.test("the main thread goes on while a worker makes a row group of Parquet", async () => {
  using at = openPool();
  const words = { "hdfs.fileType": "Parquet", schema: SCHEMA };
  const { plan, staged } = await stagedOf(words, batchesOf(60));
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  let [asked, most] = [0, 0];
  for await (const _part of await at.run(plan, inPieces(staged, 1_000_000))) {
    most = Math.max(most, turns - asked);
    asked = turns;
  }
  clearInterval(timer);
  // Making the group takes a hundred milliseconds or more, in which a thread that makes it itself does not turn once.
  assert.ok(most >= 10, `${most} turns`);
});
