import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { EventBatch, PoisonError } from "sluice/plugin";
import { HADOOP_CODEC_NAMES } from "../../../protocols/hadoop/compression.ts";
import { formatFaults } from "../../../plugins/sinks/_hdfs/formats/make_format.ts";
import { makeTransform } from "../../../plugins/sinks/_hdfs/formats/transform.ts";
import { testContext } from "../../support/context.ts";
import {
  fileOf,
  formatSettings,
  type FormatWords,
  stageBatches,
  testFormat,
  writeFile,
} from "../../support/file_format.ts";
import { EXPAND } from "../../support/hadoop_codecs.ts";
import { readSequenceFile } from "../../support/sequence_file.ts";
import { golden, goldenEvents } from "../codecs/make.ts";

const GOLDEN = EventBatch.from(goldenEvents());
const SCHEMA = { type: "record", name: "Row", fields: [{ name: "body", type: "string" }] };

/** The same bytes with those of a marker that is made at random replaced. */
function unmarked(file: Uint8Array, marker: Uint8Array): Buffer {
  const bytes = Buffer.from(file);
  for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + 1)) {
    bytes.fill(0, at, at + 16);
  }
  return bytes;
}

Deno.test("DataStream is what Flume wrote, byte for byte", async () => {
  const written = await writeFile(await testFormat({ "hdfs.fileType": "DataStream" }), [GOLDEN]);
  const names = ["events.1795225975764.log", "events.1795225975765.log", "events.1795225975766.log"];
  assert.deepEqual(
    Buffer.from(written),
    Buffer.concat(names.map((name) => golden(`hdfs-datastream/${name}`))),
  );
});

Deno.test("DataStream of avro_event is what Flume wrote, byte for byte but for the sync marker", async () => {
  const format = await testFormat({ "hdfs.fileType": "DataStream", serializer: "avro_event" });
  const written = await writeFile(format, [GOLDEN]);
  const flume = golden("hdfs-datastream-avro_event/FlumeData.1795225975768.avro");
  const [ours, theirs] = [written, flume].map((file) => unmarked(file, file.slice(-16)));
  assert.deepEqual(ours, theirs);
});

for (
  const [writeFormat, path] of [
    ["Text", "hdfs-sequence-text/FlumeData.1795225975761"],
    ["Writable", "hdfs-sequence-writable/FlumeData.1795225975766"],
  ] as const
) {
  Deno.test(`SequenceFile of ${writeFormat} is what Flume wrote, byte for byte but for the sync marker`, async () => {
    const [flume, ours] = [
      golden(path),
      await writeFile(await testFormat({ "hdfs.writeFormat": writeFormat }), [GOLDEN]),
    ];
    assert.deepEqual(
      unmarked(ours, readSequenceFile(ours).sync),
      unmarked(flume, readSequenceFile(flume).sync),
    );
  });
}

for (const isAppended of [false, true]) {
  Deno.test(`SequenceFile in blocks holds what Flume's does, ${isAppended ? "appended" : "staged"}`, async () => {
    const words = { "hdfs.writeFormat": "Text", "hdfs.codeC": "DefaultCodec" };
    const format = await testFormat(words, { isAppended });
    assert.equal(format.extension, ".deflate");
    const flume = readSequenceFile(golden("hdfs-sequence-block-deflate/FlumeData.1795225975770.deflate"));
    const { sync, ...ours } = readSequenceFile(await writeFile(format, [GOLDEN]));
    assert.equal(sync.length, 16);
    assert.deepEqual({ ...ours, sync: flume.sync }, flume);
  });
}

Deno.test("SequenceFile has full blocks when it is staged in small batches, and one for each batch when appended", async () => {
  const batches = Array.from({ length: 24 }, (_, index) => GOLDEN.slice(index, index + 1));
  const words = { "hdfs.codeC": "zstd" };
  const staged = readSequenceFile(await writeFile(await testFormat(words), batches));
  const appended = readSequenceFile(await writeFile(await testFormat(words, { isAppended: true }), batches));
  assert.deepEqual([staged.blockSizes, appended.blockSizes], [[24], Array(24).fill(1)]);
  assert.deepEqual(staged.rows, appended.rows);
});

Deno.test("SequenceFile compresses each value by itself when it is told so", async () => {
  for (const isAppended of [false, true]) {
    const format = await testFormat({ "hdfs.codeC": "gzip", "hdfs.compressBy": "value" }, { isAppended });
    const read = readSequenceFile(await writeFile(format, [GOLDEN]));
    assert.deepEqual([read.isBlockCompressed, read.rows.length], [false, 24]);
  }
});

Deno.test("SequenceFile takes the clock as the key of events without a timestamp, and refuses those with a bad one", async () => {
  const context = testContext({ clock: { now: () => 1234, sleep: () => Promise.resolve() } });
  const events = [{ timestamp: "-5" }, {}, { timestamp: "soon" }, { timestamp: "9".repeat(16) }];
  const batch = EventBatch.from(
    events.map((headers) => ({ headers: headers as Record<string, string>, body: "x" })),
  );
  for (const words of [{}, { "hdfs.codeC": "gzip" }]) {
    const format = await testFormat(words, { context });
    await assert.rejects(writeFile(format, [batch]), (fault: PoisonError) => {
      assert.deepEqual(fault.indexes, [2, 3]);
      assert.match(fault.message, /^Header "timestamp" is "soon", not a time in epoch milliseconds$/);
      return fault instanceof PoisonError;
    });
    const { rows } = readSequenceFile(await writeFile(format, [batch.slice(0, 2)]));
    assert.deepEqual(rows.map(({ key }) => key), [-5, 1234]);
  }
  const all = EventBatch.ofBodies([Buffer.from("a"), Buffer.from("b")]).withHeader("timestamp", "noon");
  await assert.rejects(writeFile(await testFormat({}), [all]), { indexes: [0, 1] });
});

Deno.test("CompressedStream expands to what Flume's does", async () => {
  const written = await writeFile(
    await testFormat({ "hdfs.fileType": "CompressedStream", "hdfs.codeC": "gzip" }),
    [GOLDEN],
  );
  const flume = golden("hdfs-compressedstream-gzip/FlumeData.1795225975767.gz");
  assert.deepEqual(gunzipSync(written), gunzipSync(flume));
});

for (const name of HADOOP_CODEC_NAMES) {
  Deno.test(`CompressedStream of ${name} is one stream for the file, or one for each append`, async () => {
    const format = await testFormat({ "hdfs.fileType": "CompressedStream", "hdfs.codeC": name });
    const text = Buffer.from(
      Array.from({ length: 20_000 }, (_, index) => `line ${index * 7919 % 10_007}\n`).join(""),
    );
    const expand = EXPAND[format.extension]!;
    const whole = await fileOf(format, text, 1_000);
    assert.deepEqual(Buffer.from(expand(whole)), text);
    const appends = [
      await fileOf(format, text.subarray(0, 999)),
      await fileOf(format, text.subarray(999), 3_000_000),
    ];
    assert.deepEqual(Buffer.from(expand(Buffer.concat(appends))), text);
    assert.equal(format.canAppend, true);
  });
}

Deno.test("CompressedStream reads on only when more is asked of it, and gives up when nobody wants more", async () => {
  for (const name of HADOOP_CODEC_NAMES) {
    const format = await testFormat({ "hdfs.fileType": "CompressedStream", "hdfs.codeC": name });
    let [read, isEnded] = [0, false];
    const staged = async function* () {
      try {
        for (; read < 1000; read++) yield crypto.getRandomValues(new Uint8Array(60_000));
        await Promise.resolve();
      } finally {
        isEnded = true;
      }
    };
    const transform = await makeTransform(format.transform!);
    for await (const part of transform(staged())) {
      assert.ok(part.length > 0);
      break;
    }
    assert.ok(read < 40, `${name}: ${read} pieces read for the first one written`);
    assert.equal(isEnded, true);
  }
});

Deno.test("file formats tell the extension of their files, and whether they can grow", async () => {
  const about = async (words: FormatWords, isAppended = false) => {
    const { extension, canAppend } = await testFormat(words, { isAppended });
    return [extension, canAppend];
  };
  const rows = { schema: SCHEMA };
  assert.deepEqual(await about({ "hdfs.fileType": "DataStream" }, true), ["", true]);
  assert.deepEqual(await about({ "hdfs.fileType": "CompressedStream", "hdfs.codeC": "bzip2" }, true), [
    ".bz2",
    true,
  ]);
  assert.deepEqual(await about({}, true), ["", true]);
  assert.deepEqual(await about({ "hdfs.codeC": "snappy" }, true), [".snappy", true]);
  assert.deepEqual(await about({ "hdfs.fileType": "Avro", ...rows }, true), [".avro", true]);
  assert.deepEqual(await about({ "hdfs.fileType": "Parquet", ...rows }), [".parquet", false]);
});

const FAULTS: readonly (readonly [words: FormatWords, isAppended: boolean, fault: string])[] = [
  [
    { "hdfs.fileType": "DataStream", "hdfs.codeC": "gzip" },
    false,
    'hdfs.codeC: DataStream is not compressed: "gzip"; use CompressedStream, or leave it out',
  ],
  [
    { "hdfs.fileType": "CompressedStream" },
    false,
    'hdfs.codeC: CompressedStream needs a codec; write one, such as "gzip"',
  ],
  [
    { "hdfs.fileType": "CompressedStream", "hdfs.codeC": "None" },
    false,
    'hdfs.codeC: CompressedStream needs a codec: "None"; write one, such as "gzip"',
  ],
  [
    { "hdfs.codeC": "lzo" },
    false,
    'hdfs.codeC: Codec "lzo" is not part of Hadoop and not built; use lz4 or snappy, which are as fast',
  ],
  [
    { "hdfs.codeC": "lzop" },
    false,
    'hdfs.codeC: Codec "lzop" is not part of Hadoop and not built; use lz4 or snappy, which are as fast',
  ],
  [
    { "hdfs.codeC": "rar" },
    false,
    'hdfs.codeC: There is no codec "rar"; use one of gzip, bzip2, snappy, lz4, zstd, deflate, default, or None',
  ],
  [
    { "hdfs.codeC": "gzip", "hdfs.codecLevel": 22 },
    false,
    'hdfs.codecLevel: Codec "gzip" has no level 22; use one from 1 to 9, or none for 6',
  ],
  [{ "hdfs.codecLevel": 3 }, false, "hdfs.codecLevel: There is no codec for it; write hdfs.codeC, too"],
  [
    { schema: SCHEMA },
    false,
    "schema: It means nothing to hdfs.fileType SequenceFile; leave it out, or set hdfs.fileType to Avro or Parquet",
  ],
  [{ "hdfs.fileType": "Avro" }, false, "schema: Avro needs to know the rows; write schema or schemaFile"],
  [
    { "hdfs.fileType": "Avro", schema: SCHEMA, schemaFile: "x" },
    false,
    "schemaFile: There is a schema already; leave one of the two out",
  ],
  [
    { "hdfs.fileType": "Avro", schema: SCHEMA, "hdfs.codeC": "gzip" },
    false,
    'hdfs.codeC: Avro has no such codec: "gzip"; use deflate, snappy, zstd or None',
  ],
  [
    { "hdfs.fileType": "Parquet", schema: SCHEMA, "hdfs.codeC": "lz4" },
    false,
    'hdfs.codeC: Parquet has no such codec: "lz4"; use snappy, gzip, zstd or None',
  ],
  [
    { "hdfs.fileType": "Parquet", schema: SCHEMA },
    true,
    "hdfs.fileType: A Parquet file is whole only with its end, so it cannot grow by appends; leave durable out, or use another file type",
  ],
  [
    { "hdfs.fileType": "Parquet", schema: { ...SCHEMA, fields: [{ name: "a", type: ["int", "string"] }] } },
    false,
    'schema: Field "a": Parquet has no unions but those of null and one type; use Avro, or another type',
  ],
  [
    { "hdfs.fileType": "Parquet", schema: SCHEMA, rowGroupSize: 0 },
    false,
    "rowGroupSize: Row groups of 0 bytes would be more description than rows; use 64KiB at least",
  ],
];

for (const [words, isAppended, expected] of FAULTS) {
  Deno.test(`file format is refused: ${expected}`, async () => {
    const [fault, ...more] = formatFaults(await formatSettings(words), isAppended);
    assert.deepEqual([`${fault?.key}: ${fault?.text}; ${fault?.fix}`, more], [expected, []]);
  });
}

Deno.test("schema of rows may stand in a file", async () => {
  const path = await Deno.makeTempFile();
  try {
    const words = { "hdfs.fileType": "Parquet", schemaFile: path };
    await Deno.writeTextFile(path, JSON.stringify(SCHEMA));
    const { staged } = await stageBatches(await testFormat(words), [
      EventBatch.from([{ body: '{"body":"x"}' }]),
    ]);
    assert.deepEqual(Array.from(staged), [0, 0, 0, 2, 2, 120]);
    for (
      const [text, reason] of [
        ['{"type":"int"}', /A row is of type "record", not "int"/],
        [
          '{"type":"record","name":"R","fields":[{"name":"n","type":"null"}]}',
          /Field "n": Parquet has no type "null"/,
        ],
        ["{", /Not an Avro schema/],
      ] as const
    ) {
      await Deno.writeTextFile(path, text);
      await assert.rejects(testFormat(words), (fault: Error) => {
        assert.equal(fault.message, `Cannot use the schema in "${path}"`);
        assert.match((fault.cause as Error).message, reason);
        return true;
      });
    }
  } finally {
    await Deno.remove(path);
  }
});
