import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { parquetMetadata } from "hyparquet";
import { parseRowSchema } from "../../../protocols/avro_rows/row_schema.ts";
import { valueWriter } from "../../../protocols/avro_rows/row_writer.ts";
import { ByteWriter } from "../../../protocols/byte_writer.ts";
import { PARQUET_CODECS, ParquetFile, type ParquetOptions } from "../../../protocols/parquet/parquet_file.ts";
import { parquetSchema } from "../../../protocols/parquet/parquet_schema.ts";
import { serverTest } from "../../servers/mod.ts";

const logical = (type: unknown, logicalType: string, more: object = {}) => ({ type, logicalType, ...more });
const decimal = (precision: number, scale: number) => logical("bytes", "decimal", { precision, scale });

/** Of each type: a value as JSON has it, and as Python shows it. */
const TYPES: readonly (readonly [type: unknown, values: readonly unknown[], shown: readonly unknown[]])[] = [
  ["boolean", [true, false, true], [true, false, true]],
  ["int", [-(2 ** 31), 0, 2 ** 31 - 1], [-2147483648, 0, 2147483647]],
  ["long", ["-9223372036854775808", 2 ** 40, "9223372036854775807"], [
    "-9223372036854775808",
    "1099511627776",
    "9223372036854775807",
  ]],
  ["float", [0.5, -2, 1e10], [0.5, -2, 1e10]],
  ["double", [0.1, -1e300, 0], [0.1, -1e300, 0]],
  ["string", ["", "日本", "a\nb"], ["", "日本", "a\nb"]],
  ["bytes", ["x", "", "ü"], ["b'x'", "b''", "b'\\xc3\\xbc'"]],
  [["null", "long"], [null, 5, undefined], [null, "5", null]],
  [["string", "null"], ["a", null, "a"], ["a", null, "a"]],
  [{ type: "fixed", name: "F", size: 2 }, ["ab", "cd", "ab"], ["b'ab'", "b'cd'", "b'ab'"]],
  [{ type: "enum", name: "E", symbols: ["on", "off"] }, ["on", "off", "on"], ["on", "off", "on"]],
  [decimal(9, 2), ["-1.25", 0, "9999999.99"], ["-1.25", "0.00", "9999999.99"]],
  [decimal(18, 0), [1, -2, "9".repeat(18)], ["1", "-2", "9".repeat(18)]],
  [decimal(38, 10), ["-0.0000000001", 3, "1".repeat(28)], [
    "-1E-10",
    "3.0000000000",
    `${"1".repeat(28)}.0000000000`,
  ]],
  [logical("int", "date"), ["1969-12-31", 0, "2026-11-21"], ["1969-12-31", "1970-01-01", "2026-11-21"]],
  [logical("int", "time-millis"), [0, 1500, 86_399_999], ["00:00:00", "00:00:01.500000", "23:59:59.999000"]],
  [logical("long", "time-micros"), [0, 1, 86_399_999_999], [
    "00:00:00",
    "00:00:00.000001",
    "23:59:59.999999",
  ]],
  [logical("long", "timestamp-millis"), [-1, 0, "2026-11-21T17:00:00.5Z"], [
    "1969-12-31 23:59:59.999000+00:00",
    "1970-01-01 00:00:00+00:00",
    "2026-11-21 17:00:00.500000+00:00",
  ]],
  [logical("long", "timestamp-micros"), [1, 0, "2026-11-21T17:00:00.000005Z"], [
    "1970-01-01 00:00:00.000001+00:00",
    "1970-01-01 00:00:00+00:00",
    "2026-11-21 17:00:00.000005+00:00",
  ]],
  [logical("long", "local-timestamp-millis"), [0, 5, 1000], [
    "1970-01-01 00:00:00",
    "1970-01-01 00:00:00.005000",
    "1970-01-01 00:00:01",
  ]],
  [logical("long", "local-timestamp-micros"), [0, 5, 1000], [
    "1970-01-01 00:00:00",
    "1970-01-01 00:00:00.000005",
    "1970-01-01 00:00:00.001000",
  ]],
  [
    logical("string", "uuid"),
    Array(3).fill("123e4567-e89b-12d3-a456-426614174000"),
    Array(3).fill("123e4567-e89b-12d3-a456-426614174000"),
  ],
  [{ type: "array", items: "int" }, [[], [1], [1, 2, 3]], [[], [1], [1, 2, 3]]],
  [["null", { type: "array", items: ["null", "string"] }], [null, [], ["a", null]], [null, [], ["a", null]]],
  [{ type: "array", items: { type: "array", items: "int" } }, [[], [[]], [[1], [], [2, 3]]], [[], [[]], [
    [1],
    [],
    [2, 3],
  ]]],
  [{ type: "map", values: "int" }, [{}, { a: 1 }, { b: 2, c: 3 }], [[], [["a", 1]], [["b", 2], ["c", 3]]]],
  [{ type: "map", values: ["null", { type: "array", items: "int" }] }, [{}, { a: null }, { b: [1] }], [[], [[
    "a",
    null,
  ]], [["b", [1]]]]],
  [
    {
      type: "record",
      name: "S",
      fields: [{ name: "x", type: "int" }, { name: "y", type: ["null", "string"] }],
    },
    [{ x: 1 }, { x: 2, y: "z" }, { x: 3, y: null }],
    [{ x: 1, y: null }, { x: 2, y: "z" }, { x: 3, y: null }],
  ],
  [
    ["null", {
      type: "record",
      name: "T",
      fields: [{
        name: "l",
        type: {
          type: "array",
          items: { type: "record", name: "U", fields: [{ name: "u", type: ["null", "int"] }] },
        },
      }],
    }],
    [null, { l: [] }, { l: [{ u: 1 }, {}] }],
    [null, { l: [] }, { l: [{ u: 1 }, { u: null }] }],
  ],
];

const SCHEMA = parseRowSchema({
  type: "record",
  name: "Row",
  fields: TYPES.map(([type], index) => ({ name: `f${index}`, type })),
});
const ROWS = [0, 1, 2].map((row) =>
  Object.fromEntries(TYPES.map(([, values], index) => [`f${index}`, values[row]]))
);

/** A file of these rows, in groups of so many. */
function makeFile(options: Partial<ParquetOptions>, groupRows: number, rounds = 1): Uint8Array {
  const file = new ParquetFile({ fields: SCHEMA.fields, codec: "SNAPPY", ...options });
  const write = valueWriter({ kind: "struct", fields: SCHEMA.fields });
  const all = Array.from({ length: rounds }, () => ROWS).flat();
  const parts: Uint8Array[] = [];
  for (let from = 0; from < all.length; from += groupRows) {
    const rows = all.slice(from, from + groupRows);
    const writer = new ByteWriter();
    for (const row of rows) write(row, writer);
    parts.push(file.group({ bytes: writer.written, size: rows.length }));
  }
  return new Uint8Array(Buffer.concat([...parts, file.end()]));
}

const SCRIPT = `
import json, sys
import duckdb, pyarrow.parquet as pq
def shown(value):
    if isinstance(value, (list, tuple)): return [shown(one) for one in value]
    if isinstance(value, dict): return {key: shown(one) for key, one in value.items()}
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)
# Statistics decide which groups are read at all.
def count(path, where): return duckdb.sql("select count(*) from '%s' where %s" % (path, where)).fetchall()[0][0]
for path in sys.argv[2:]:
    table = pq.read_table(path)
    rows = table.to_pylist()
    longs = [field.name for field in table.schema if str(field.type) == "int64"]
    for row in rows:
        for name in longs: row[name] = None if row[name] is None else str(row[name])
    print(json.dumps([shown(rows), [count(path, where) for where in json.loads(sys.argv[1])]]))
`;

/** Conditions that hold for one of three rows. */
const CONDITIONS = [
  "f1 < -2147483647",
  "f2 > 9000000000000000000",
  "f3 = -2",
  "f4 < -1e299",
  "f5 = '日本'",
  "f7 is not null",
  "f11 < 0",
  "f13 > 1e20",
  "f14 < date '1970-01-01'",
  "f17 < timestamptz '1970-01-01 00:00:00+00'",
];

serverTest(
  "readers",
  "pyarrow and DuckDB read Parquet of every type, by every codec",
  async ({ READERS_PYTHON }) => {
    const folder = await Deno.makeTempDir();
    const rounds = 20;
    try {
      const paths: string[] = [];
      for (const codec of Object.keys(PARQUET_CODECS) as (keyof typeof PARQUET_CODECS)[]) {
        for (const groupRows of [7, 600]) {
          paths.push(`${folder}/${codec}-${groupRows}.parquet`);
          await Deno.writeFile(paths.at(-1)!, makeFile({ codec }, groupRows, rounds));
        }
      }
      const args = ["-c", SCRIPT, JSON.stringify(CONDITIONS), ...paths];
      const { stdout, stderr } = await new Deno.Command(READERS_PYTHON!, { args }).output();
      assert.equal(new TextDecoder().decode(stderr), "");
      const expected = [0, 1, 2].map((row) => {
        return Object.fromEntries(TYPES.map(([, , shown], index) => [`f${index}`, shown[row]]));
      });
      const answers = new TextDecoder().decode(stdout).trim().split("\n");
      assert.equal(answers.length, paths.length);
      for (const answer of answers) {
        const [rows, counts] = JSON.parse(answer);
        assert.deepEqual(rows, Array.from({ length: rounds }, () => expected).flat());
        assert.deepEqual(counts, Array(CONDITIONS.length).fill(rounds));
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("Parquet has as many row groups as were made, and tells the rows of each", () => {
  const { num_rows: total, row_groups: groups, created_by: author } = parquetMetadata(
    makeFile({}, 2).slice().buffer,
  );
  assert.deepEqual([Number(total), groups.map(({ num_rows: rows }) => Number(rows)), author], [
    3,
    [2, 1],
    "sluice",
  ]);
});

Deno.test("Parquet compresses harder when it is told so", () => {
  const writer = new ByteWriter();
  const { fields } = parseRowSchema({
    type: "record",
    name: "Row",
    fields: [{ name: "line", type: "string" }],
  });
  const write = valueWriter({ kind: "struct", fields });
  for (let row = 0; row < 5000; row++) {
    write({ line: `GET /${row * 7919 % 4001}/${row % 13} HTTP/1.1` }, writer);
  }
  for (const codec of ["GZIP", "ZSTD"] as const) {
    const [fast, hard] = [1, 9].map((level) => {
      return new ParquetFile({ fields, codec, level }).group({ bytes: writer.written, size: 5000 }).length;
    });
    assert.ok(hard! < fast!, `${codec}: ${hard} of ${fast}`);
  }
});

for (
  const [type, reason] of [
    ["null", 'Field "f": Parquet has no type "null"'],
    [{ type: "array", items: "null" }, 'Field "f[]": Parquet has no type "null"'],
    [["null"], 'Field "f": Parquet has no unions but those of null and one type'],
    [
      { type: "map", values: ["int", "string"] },
      'Field "f{}": Parquet has no unions but those of null and one type',
    ],
    [{ type: "record", name: "S", fields: [] }, 'Field "f": Parquet has no structs without fields'],
  ] as const
) {
  Deno.test(`Parquet refuses a schema: ${reason}, ${JSON.stringify(type)}`, () => {
    const { fields } = parseRowSchema({ type: "record", name: "Row", fields: [{ name: "f", type }] });
    assert.throws(
      () => parquetSchema(fields),
      (fault: Error) => fault instanceof SyntaxError && fault.message === reason,
    );
  });
}
