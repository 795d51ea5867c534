import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { EventBatch } from "sluice/plugin";
import { serverTest } from "../servers/mod.ts";
import { type FormatWords, testFormat, writeFile } from "../support/file_format.ts";
import { readSequenceFile } from "../support/sequence_file.ts";

const SIZE = 6000;
const BATCH_SIZE = 250;
const EVENTS = Array.from({ length: SIZE }, (_, index) => ({
  headers: { timestamp: String(1_700_000_000_000 + index * 37), host: `web${index % 7}` },
  body: `${index} "GET /Straße/${index * 7919 % 4001}?q=日本" \t${"x".repeat(index % 90)}`,
}));
const ALL = EventBatch.from(EVENTS);
const BATCHES = Array.from({ length: SIZE / BATCH_SIZE }, (_, index) => {
  return ALL.slice(index * BATCH_SIZE, (index + 1) * BATCH_SIZE);
});
const SCHEMA = {
  type: "record",
  name: "Line",
  fields: [
    { name: "timestamp", type: { type: "long", logicalType: "timestamp-millis" } },
    { name: "host", type: ["null", "string"], default: null },
    { name: "body", type: "string" },
  ],
};

/** What a reader is to find, one line for each event. */
const LINES = {
  bodies: EVENTS.map(({ body }) => `${body}\n`),
  keyed: EVENTS.map(({ headers, body }) => `${headers.timestamp}\t${body}\n`),
  rows: EVENTS.map(({ headers, body }) => `${headers.timestamp}\t${headers.host}\t${body}\n`),
  headed: EVENTS.map(({ headers: { host, timestamp }, body }) =>
    `{host=${host}, timestamp=${timestamp}} ${body}\n`
  ),
};

/** Events by what a reader makes of them. */
interface Found {
  readonly events: number;
  readonly sha256: string;
}

interface Case {
  readonly name: string;
  readonly words: FormatWords;
  readonly lines: keyof typeof LINES;
  /** Makes a line that Hadoop shows into ours; absent: Hadoop here does not read such files, for want of a native library. */
  readonly shown?: (line: string) => string;
  /** Whether pyarrow, DuckDB or fastavro read it. */
  readonly hasPython?: boolean;
}

const asIs = (line: string) => line;
const fromHex = (line: string) => {
  const [key, hex = ""] = line.trimEnd().split("\t");
  return `${key}\t${Buffer.from(hex.replaceAll(" ", ""), "hex")}\n`;
};
const fromJson = (line: string) => {
  const { timestamp, host, body } = JSON.parse(line);
  return `${timestamp}\t${host.string}\t${body}\n`;
};
const fromEvent = (line: string) =>
  `${JSON.parse(line).headers.timestamp}\t${latin1Body(JSON.parse(line).body)}\n`;
/** Avro's JSON has bytes as characters of the same number. */
const latin1Body = (body: string) => Buffer.from(body, "latin1").toString();

const CODECS = ["gzip", "bzip2", "snappy", "lz4", "zstd", "deflate"];
const rowsOf = { schema: SCHEMA, rowsFrom: "headers" };

function sequenceCase(writeFormat: "Text" | "Writable", codec: string, compressBy: "block" | "value"): Case {
  return {
    name: `SequenceFile ${writeFormat}, ${codec}${codec === "None" ? "" : ` by ${compressBy}`}`,
    words: { "hdfs.writeFormat": writeFormat, "hdfs.codeC": codec, "hdfs.compressBy": compressBy },
    lines: "keyed",
    ...codec !== "zstd" && { shown: writeFormat === "Text" ? asIs : fromHex },
  };
}

const CASES: readonly Case[] = [
  { name: "DataStream text", words: { "hdfs.fileType": "DataStream" }, lines: "bodies", shown: asIs },
  {
    name: "DataStream header_and_text",
    words: { "hdfs.fileType": "DataStream", serializer: "header_and_text" },
    lines: "headed",
    shown: asIs,
  },
  {
    name: "DataStream avro_event",
    words: { "hdfs.fileType": "DataStream", serializer: "avro_event" },
    lines: "keyed",
    shown: fromEvent,
  },
  ...CODECS.map((codec) => ({
    name: `CompressedStream ${codec}`,
    words: { "hdfs.fileType": "CompressedStream", "hdfs.codeC": codec },
    lines: "bodies" as const,
    ...codec !== "zstd" && { shown: asIs },
    hasPython: ["gzip", "bzip2", "zstd"].includes(codec),
  })),
  ...(["Text", "Writable"] as const).flatMap((writeFormat) => [
    sequenceCase(writeFormat, "None", "block"),
    ...CODECS.flatMap((codec) =>
      (["block", "value"] as const).map((by) => sequenceCase(writeFormat, codec, by))
    ),
  ]),
  ...["None", "deflate", "snappy", "zstd"].map((codec) => ({
    name: `Avro ${codec}`,
    words: { "hdfs.fileType": "Avro", "hdfs.codeC": codec, ...rowsOf },
    lines: "rows" as const,
    ...codec !== "zstd" && { shown: fromJson },
    hasPython: true,
  })),
  ...["None", "snappy", "gzip", "zstd"].map((codec) => ({
    name: `Parquet ${codec}`,
    words: { "hdfs.fileType": "Parquet", "hdfs.codeC": codec, rowGroupRows: 2500, ...rowsOf },
    lines: "rows" as const,
    hasPython: true,
  })),
];

interface Written extends Case {
  readonly path: string;
  readonly bytes: Uint8Array;
}

function found(lines: Iterable<string>): Found {
  const hash = createHash("sha256");
  let events = 0;
  for (const line of lines) {
    hash.update(line);
    events++;
  }
  return { events, sha256: hash.digest("hex") };
}

async function run(command: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Has Hadoop show files one behind another; each has as many lines as events. */
async function askHadoop(cli: string, files: readonly Written[]): Promise<ReadonlyMap<string, Found>> {
  const shown = await run(cli, ["dfs", "-text", ...files.map(({ path }) => `file://${path}`)]);
  const lines = shown.split("\n").map((line) => `${line}\n`);
  assert.equal(lines.pop(), "\n");
  return new Map(files.map(({ name, shown }, index) => {
    const own = index === files.length - 1
      ? lines.slice(index * SIZE)
      : lines.slice(index * SIZE, (index + 1) * SIZE);
    return [name, found(own.map(shown!))];
  }));
}

const SCRIPT = `
import hashlib, io, json, sys
import cramjam, duckdb, fastavro, pyarrow as pa, pyarrow.parquet as pq
# fastavro's own way to zstd is one more package.
def zstd_block(file):
    length = shift = 0
    while True:
        byte = file.read(1)[0]
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128: return io.BytesIO(bytes(cramjam.zstd.decompress(file.read(length >> 1))))
fastavro.read.BLOCK_READERS["zstandard"] = zstd_block
def millis(time): return round(time.timestamp() * 1000)
def streamed(path, codec):
    with pa.input_stream(path, compression={"bzip2": "bz2"}.get(codec, codec)) as stream: return stream.read().decode().splitlines(True)
def row(one): return "%d\\t%s\\t%s\\n" % (millis(one["timestamp"]), one["host"], one["body"])
def avro(path): return [row(one) for one in fastavro.reader(open(path, "rb"))]
def arrow(path): return [row(one) for one in pq.read_table(path).to_pylist()]
def duck(path): return [t + "\\n" for (t,) in duckdb.sql("select concat_ws(chr(9), epoch_ms(timestamp), host, body) from '%s'" % path).fetchall()]
for line in sys.stdin:
    name, path = line.rstrip("\\n").split("\\t")
    kind, codec = name.split(" ")
    readers = {"Parquet": {"pyarrow": arrow, "DuckDB": duck}, "Avro": {"fastavro": avro}}.get(kind, {"pyarrow": lambda path: streamed(path, codec)})
    for reader, read in readers.items():
        lines = read(path)
        print(json.dumps([name, reader, {"events": len(lines), "sha256": hashlib.sha256("".join(lines).encode()).hexdigest()}]))
`;

/** What Python's readers find, by file and reader. */
async function askPython(
  python: string,
  files: readonly Written[],
): Promise<readonly [string, string, Found][]> {
  const child = new Deno.Command(python, {
    args: ["-c", SCRIPT],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(files.map(({ name, path }) => `${name}\t${path}\n`).join("")));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
}

function ownReader({ name, words, bytes }: Written): readonly [string, Found][] {
  if (words["hdfs.fileType"] !== undefined || words["hdfs.codeC"] !== "zstd") return [];
  assert.ok(name.startsWith("SequenceFile"));
  return [[
    "own reader",
    found(readSequenceFile(bytes).rows.map(({ key, value }) => `${key}\t${Buffer.from(value)}\n`)),
  ]];
}

async function writeAll(folder: string): Promise<Written[]> {
  return await Promise.all(CASES.map(async (one, index) => {
    const format = await testFormat(one.words);
    const bytes = await writeFile(format, BATCHES);
    const path = `${folder}/${index}${format.extension}`;
    await Deno.writeFile(path, bytes);
    return { ...one, path, bytes };
  }));
}

serverTest(
  ["hdfs", "readers"],
  "files of each type and codec hold the events, as Hadoop, pyarrow, DuckDB and fastavro read them",
  async (env) => {
    const folder = await Deno.makeTempDir();
    try {
      const files = await writeAll(folder);
      const hadoop = await askHadoop(env.HDFS_CLI!, files.filter(({ shown }) => shown));
      const python = await askPython(env.READERS_PYTHON!, files.filter(({ hasPython }) => hasPython));
      const faults: string[] = [];
      for (const file of files) {
        const expected = found(LINES[file.lines]);
        const answers: (readonly [string, Found])[] = [
          ...hadoop.has(file.name) ? [["Hadoop", hadoop.get(file.name)!] as const] : [],
          ...python.filter(([name]) => name === file.name).map(([, reader, found]) =>
            [reader, found] as const
          ),
          ...ownReader(file),
        ];
        assert.notEqual(answers.length, 0, `Nobody has read ${file.name}`);
        for (const [reader, { events, sha256 }] of answers) {
          const isSame = events === expected.events && sha256 === expected.sha256;
          const row = [
            file.name.padEnd(38),
            String(file.bytes.length).padStart(8),
            reader.padEnd(10),
            events,
            sha256.slice(0, 12),
            isSame ? "same" : "OTHER",
          ];
          console.log(row.join("  "));
          if (!isSame) faults.push(`${file.name} by ${reader}`);
        }
      }
      assert.deepEqual(faults, []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
