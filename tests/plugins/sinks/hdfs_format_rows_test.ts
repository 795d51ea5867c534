import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { EventBatch, PoisonError } from "sluice/plugin";
import avroEvent from "../../../plugins/codecs/avro_event.ts";
import { fileOf, type FormatWords, stageBatches, testFormat, writeFile } from "../../support/file_format.ts";
import { EXPAND } from "../../support/hadoop_codecs.ts";
import { readSequenceFile } from "../../support/sequence_file.ts";
import { decodeInPieces, makeCodec } from "../codecs/make.ts";

/** A failing run prints its seed; PROPERTY_SEED takes it back. */
const SEED = Deno.env.get("PROPERTY_SEED");
const RUNS = { numRuns: 40, ...SEED === undefined ? {} : { seed: Number(SEED) } };
const SCHEMA = { type: "record", name: "Row", fields: [{ name: "body", type: "bytes" }] };
const ROWS = { schema: SCHEMA, rowsFrom: "headers" };

async function parquetRows(file: Uint8Array): Promise<Record<string, unknown>[]> {
  return await parquetReadObjects({ file: file.slice().buffer, utf8: false });
}

/** The bodies in an Avro container of `SCHEMA`. */
async function avroBodies(file: Uint8Array): Promise<string[]> {
  const decoder = (await makeCodec(avroEvent)).decoder!();
  const datums = await decodeInPieces(decoder, file, 10_000);
  // Behind the length, which is below 64 here and hence one byte.
  return datums.map(({ body }) => Buffer.from(body.subarray(1)).toString());
}

const linesOf = (bytes: Uint8Array) => Buffer.from(bytes).toString().split("\n").slice(0, -1);
const sequenceBodies = (file: Uint8Array) =>
  readSequenceFile(file).rows.map(({ value }) => Buffer.from(value).toString());

/** How the bodies are read back of files of each format. */
const READERS: readonly (readonly [FormatWords, (file: Uint8Array) => string[] | Promise<string[]>])[] = [
  [{ "hdfs.fileType": "DataStream" }, linesOf],
  [
    { "hdfs.fileType": "CompressedStream", "hdfs.codeC": "snappy" },
    (file) => linesOf(EXPAND[".snappy"]!(file)),
  ],
  [{ "hdfs.fileType": "CompressedStream", "hdfs.codeC": "gzip" }, (file) => linesOf(EXPAND[".gz"]!(file))],
  [{ "hdfs.writeFormat": "Text" }, sequenceBodies],
  [{ "hdfs.codeC": "zstd" }, sequenceBodies],
  [{ "hdfs.codeC": "snappy", "hdfs.compressBy": "value" }, sequenceBodies],
  [{ "hdfs.fileType": "Avro", "hdfs.codeC": "snappy", ...ROWS }, avroBodies],
  [
    { "hdfs.fileType": "Parquet", rowGroupRows: 7, ...ROWS },
    async (file) => (await parquetRows(file)).map(({ body }) => Buffer.from(body as Uint8Array).toString()),
  ],
];

const BATCHES = fc.array(
  fc.array(fc.string({ unit: "grapheme-ascii", maxLength: 30 }), { minLength: 1, maxLength: 12 }),
  {
    maxLength: 6,
  },
);

for (const [words, read] of READERS) {
  const name = [words["hdfs.fileType"] ?? "SequenceFile", words["hdfs.codeC"], words["hdfs.compressBy"]].join(
    " ",
  ).trim();
  Deno.test(`staged bytes cut back to any batch give a file of exactly those events: ${name}`, async () => {
    const format = await testFormat(words);
    await fc.assert(
      fc.asyncProperty(
        BATCHES,
        fc.nat(),
        fc.integer({ min: 1, max: 500 }),
        async (lists, place, pieceBytes) => {
          const bodies = lists.map((list) => list.map((body) => body.replaceAll("\n", " ")));
          const batches = bodies.map((list) => EventBatch.from(list.map((body) => ({ body }))));
          const { staged, ends } = await stageBatches(format, batches);
          const kept = place % (lists.length + 1);
          const file = await fileOf(format, staged.subarray(0, ends[kept]), pieceBytes);
          assert.deepEqual(await read(file), bodies.slice(0, kept).flat());
        },
      ),
      RUNS,
    );
  });

  Deno.test(`writing goes on after bytes of a failed write were cut off: ${name}`, async () => {
    const format = await testFormat(words);
    const encoder = format.encoder();
    const parts = [encoder.begin?.() ?? new Uint8Array(0)];
    for (
      const [body, isCutOff] of [["one", false], ["lost", true], ["two", false], ["three", false]] as const
    ) {
      const slices = await encoder.encode(EventBatch.from([{ body }]));
      if (!isCutOff) parts.push(...slices.map((slice) => slice.slice()));
    }
    assert.deepEqual(await read(await fileOf(format, Buffer.concat(parts))), ["one", "two", "three"]);
  });
}

Deno.test("rows come from a JSON object in the body, or from headers and body", async () => {
  const fields = [{ name: "host", type: "string" }, { name: "status", type: ["null", "int"], default: null }];
  const schema = { type: "record", name: "Row", fields };
  const json = await testFormat({ "hdfs.fileType": "Parquet", schema });
  const bodies = ['{"host":"a","status":200,"more":[1]}', ' {"status":null,"host":"ü"}'];
  const file = await writeFile(json, [EventBatch.ofBodies(bodies.map((body) => Buffer.from(body)))]);
  assert.deepEqual(await parquetRows(file), [{ host: "a", status: 200 }, { host: "ü", status: null }]);

  const all = [...fields, { name: "body", type: "bytes" }, {
    name: "headers",
    type: { type: "map", values: "string" },
  }];
  const headers = await testFormat({
    "hdfs.fileType": "Parquet",
    schema: { ...schema, fields: all },
    rowsFrom: "headers",
  });
  const events = [{ headers: { host: "a", status: "200" }, body: "x" }, {
    headers: { host: "b" },
    body: "y",
  }];
  const rows = await parquetReadObjects({
    file: (await writeFile(headers, [EventBatch.from(events)])).slice().buffer,
  });
  assert.deepEqual(rows, [
    { host: "a", status: 200, body: "x", headers: { host: "a", status: "200" } },
    { host: "b", status: null, body: "y", headers: { host: "b" } },
  ]);
});

Deno.test("rows that do not fit are told apart, with the field, the value and what was expected", async () => {
  const schema = { type: "record", name: "Row", fields: [{ name: "n", type: "int" }] };
  const bodies = ['{"n":1}', '{"n":"x"}', "{", '{"n":2}', "[]"];
  const batch = EventBatch.ofBodies(bodies.map((body) => Buffer.from(body)));
  for (const [fileType, isAppended] of [["Avro", false], ["Avro", true], ["Parquet", false]] as const) {
    const format = await testFormat({ "hdfs.fileType": fileType, schema }, { isAppended });
    const encoder = format.encoder();
    const parts = [encoder.begin?.() ?? new Uint8Array(0)];
    await assert.rejects(async () => await encoder.encode(batch), (fault: PoisonError) => {
      assert.ok(fault instanceof PoisonError);
      assert.deepEqual(fault.indexes, [1, 2, 4]);
      const reason = 'The event does not fit the schema: Field "n" is "x", not a whole number of 32 bits';
      assert.equal(fault.message, reason);
      return true;
    });
    // The others go on, and nothing of the refused ones stayed.
    for (const slice of await encoder.encode(batch.select(Uint32Array.of(0, 3)))) parts.push(slice.slice());
    const file = await fileOf(format, Buffer.concat(parts));
    if (fileType === "Parquet") assert.deepEqual(await parquetRows(file), [{ n: 1 }, { n: 2 }]);
    else assert.deepEqual(await zigzagBodies(file), [1, 2]);
  }
});

Deno.test("rows of bodies that are no JSON are refused with the reason, however deep they are", async () => {
  const schema = { type: "record", name: "Row", fields: [{ name: "f", type: "string" }] };
  const format = await testFormat({ "hdfs.fileType": "Parquet", schema });
  const deep = `{"f":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
  for (
    const [body, reason] of [
      [
        new Uint8Array([...Buffer.from('{"f":"'), 0xFF, ...Buffer.from('"}')]),
        "The body is no text in UTF-8",
      ],
      [Buffer.from('{"f":"x"'), "The body is no JSON: "],
      [Buffer.from(""), "The body is no JSON: "],
      [Buffer.from("17"), "The row is 17, not an object"],
      [Buffer.from(deep), 'Field "f" is a list of 1, not text'],
      [Buffer.from('{"__proto__":{"f":"x"}}'), 'Field "f" is missing; it is text'],
    ] as const
  ) {
    await assert.rejects(stageBatches(format, [EventBatch.ofBodies([body])]), (fault: Error) => {
      assert.ok(fault instanceof PoisonError);
      assert.ok(fault.message.startsWith(`The event does not fit the schema: ${reason}`), fault.message);
      return true;
    });
  }
  // The character itself may well stand in a text.
  await stageBatches(format, [EventBatch.from([{ body: '{"f":"\uFFFD"}' }])]);
});

async function zigzagBodies(file: Uint8Array): Promise<number[]> {
  const datums = await decodeInPieces((await makeCodec(avroEvent)).decoder!(), file, 10_000);
  return datums.map(({ body }) => body[0]! / 2);
}

Deno.test("Parquet has row groups of so many rows, or so many bytes of them, at most", async () => {
  const batch = EventBatch.from(Array.from({ length: 1000 }, () => ({ body: "x".repeat(98) })));
  for (
    const [words, sizes] of [
      [{ rowGroupRows: 300 }, [300, 300, 300, 100]],
      // A row is 2 bytes of length and 98 of body.
      [{ rowGroupSize: "70000" }, [700, 300]],
      [{}, [1000]],
    ] as const
  ) {
    const format = await testFormat({ "hdfs.fileType": "Parquet", "hdfs.codeC": "None", ...ROWS, ...words });
    const { row_groups: groups } = parquetMetadata((await writeFile(format, [batch])).slice().buffer);
    assert.deepEqual(groups.map(({ num_rows: rows }) => Number(rows)), sizes);
  }
});

Deno.test("Parquet without rows is a file all the same", async () => {
  const format = await testFormat({ "hdfs.fileType": "Parquet", ...ROWS });
  assert.deepEqual(await parquetRows(await fileOf(format, new Uint8Array(0))), []);
});

Deno.test("stage that ends within a row is told with the byte at which it begins", async () => {
  for (
    const words of [{ "hdfs.codeC": "gzip" }, { "hdfs.fileType": "Avro", ...ROWS }, {
      "hdfs.fileType": "Parquet",
      ...ROWS,
    }]
  ) {
    const format = await testFormat(words);
    const { staged, ends } = await stageBatches(
      format,
      ["one", "two"].map((body) => EventBatch.from([{ body }])),
    );
    await assert.rejects(fileOf(format, staged.subarray(0, -1)), (fault: Error) => {
      return fault instanceof SyntaxError && fault.message.includes(`begins at byte ${ends[1]}`);
    });
  }
});

Deno.test("row that is longer than what comes at once is put together", async () => {
  const body = "0123456789".repeat(1_000_000);
  for (
    const words of [{ "hdfs.codeC": "zstd" }, { "hdfs.fileType": "Parquet", "hdfs.codeC": "zstd", ...ROWS }]
  ) {
    const format = await testFormat(words);
    const { staged } = await stageBatches(format, [
      EventBatch.from([{ body: "a" }, { body }, { body: "b" }]),
    ]);
    const file = await fileOf(format, staged, 65_536);
    if (words["hdfs.codeC"] === "zstd" && !("schema" in words)) {
      assert.deepEqual(sequenceBodies(file), ["a", body, "b"]);
    } else assert.equal(Number(parquetMetadata(file.slice().buffer).num_rows), 3);
  }
});
