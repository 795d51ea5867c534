import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import avsc from "avsc";
import fc from "fast-check";
import { errorText } from "sluice/plugin";
import { RowFault } from "../../../protocols/avro_rows/row_fault.ts";
import { valueReader } from "../../../protocols/avro_rows/row_reader.ts";
import { parseRowSchema } from "../../../protocols/avro_rows/row_schema.ts";
import { valueWriter } from "../../../protocols/avro_rows/row_writer.ts";
import { ByteWriter } from "../../../protocols/byte_writer.ts";

/** A failing run prints its seed; PROPERTY_SEED takes it back. */
const SEED = Deno.env.get("PROPERTY_SEED");
const RUNS = { numRuns: 200, ...SEED === undefined ? {} : { seed: Number(SEED) } };

/** A schema of one field `f` of a type. */
function schemaOf(type: unknown, more: object = {}) {
  return { type: "record", name: "Row", fields: [{ name: "f", type, ...more }] };
}

function writeRow(schema: unknown, row: unknown): Uint8Array {
  const writer = new ByteWriter();
  valueWriter({ kind: "struct", fields: parseRowSchema(schema).fields })(row, writer);
  return writer.written.slice();
}

function readRow(schema: unknown, datum: Uint8Array): Record<string, unknown> {
  const cursor = { bytes: Buffer.from(datum), at: 0 };
  const row = valueReader({ kind: "struct", fields: parseRowSchema(schema).fields })(cursor);
  assert.equal(cursor.at, datum.length);
  return row as Record<string, unknown>;
}

/** A type, a value of it as JSON has it, the same as avsc reads it, and as the own reader does. */
interface Sample {
  readonly type: unknown;
  readonly given: unknown;
  readonly avsc: unknown;
  readonly read: unknown;
}

const same = (type: unknown, given: unknown): Sample => ({ type, given, avsc: given, read: given });
const TEXT = fc.string({ unit: "grapheme", maxLength: 40 });
const LEAF: fc.Arbitrary<Sample> = fc.oneof(
  fc.boolean().map((value) => same("boolean", value)),
  fc.integer().map((value) => same("int", value)),
  // Beyond, avsc reads other numbers than it should.
  fc.maxSafeInteger().map((value) => Math.trunc(value / 2)).map((value) => ({
    ...same("long", value),
    read: BigInt(value),
  })),
  fc.float({ noNaN: true }).map((value) => same("float", value)),
  fc.double({ noNaN: true }).map((value) => same("double", value)),
  TEXT.map((value) => same("string", value)),
  TEXT.map((value) => same("bytes", new TextEncoder().encode(value))),
);

const { sample: SAMPLE } = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    LEAF,
    fc.array(fc.nat(), { maxLength: 5 }).chain((places) =>
      tie("sample").map((of) => listOf(of, places.length))
    ),
    tie("sample").map((of) => ({
      type: { type: "map", values: of.type },
      given: { a: of.given, é: of.given },
      avsc: { a: of.avsc, é: of.avsc },
      read: new Map([["a", of.read], ["é", of.read]]),
    })),
    fc.tuple(LEAF, fc.boolean()).map(([of, isNull]) => ({
      type: ["null", of.type],
      given: isNull ? null : of.given,
      avsc: isNull ? null : { [of.type as string]: of.avsc },
      read: isNull ? null : of.read,
    })),
  ),
}));

function listOf(of: Sample, length: number): Sample {
  const fill = (value: unknown) => Array(length).fill(value);
  return {
    type: { type: "array", items: of.type },
    given: fill(of.given),
    avsc: fill(of.avsc),
    read: fill(of.read),
  };
}

Deno.test("rows are datums that another library and the own reader read back", () => {
  fc.assert(
    fc.property(SAMPLE, fc.double({ noNaN: true }), ({ type, given, avsc: expected, read }, last) => {
      const { fields, ...schema } = schemaOf(type);
      const two = { ...schema, fields: [...fields, { name: "last", type: "double" }] };
      const datum = writeRow(two, { last, f: given });
      const plain = avsc.Type.forSchema(two as avsc.Schema, { wrapUnions: true }).fromBuffer(
        Buffer.from(datum),
      );
      // Its objects have classes of their own.
      assert.deepEqual(structuredClone({ ...plain }), { f: expected, last });
      assert.deepEqual({ ...readRow(two, datum) }, { f: read, last });
    }),
    RUNS,
  );
});

const millis = { type: "long", logicalType: "timestamp-millis" };
const micros = { type: "long", logicalType: "timestamp-micros" };
const local = { type: "long", logicalType: "local-timestamp-millis" };
const day = { type: "int", logicalType: "date" };
const decimal = (precision: number, scale: number) => ({
  type: "bytes",
  logicalType: "decimal",
  precision,
  scale,
});
const short = { type: "fixed", name: "Short", size: 2, logicalType: "decimal", precision: 4, scale: 1 };
const uuid = "123e4567-e89b-12d3-a456-426614174000";

const VALUES: readonly (readonly [type: unknown, given: unknown, read: unknown])[] = [
  ["long", "9223372036854775807", 2n ** 63n - 1n],
  ["long", "-9223372036854775808", -(2n ** 63n)],
  ["long", 2 ** 53 - 1, 2n ** 53n - 1n],
  ["long", -(2 ** 53) + 1, -(2n ** 53n) + 1n],
  ["int", "17", 17],
  ["double", "-1.5e3", -1500],
  ["boolean", "false", false],
  ["string", new Uint8Array([0xC3, 0xBC]), "ü"],
  ["bytes", new Uint8Array([0xFF, 0]), new Uint8Array([0xFF, 0])],
  [["null", "long", "string"], "17", 17n],
  [["null", "long", "string"], "x", "x"],
  [["string", "null"], undefined, null],
  [{ type: "enum", name: "E", symbols: ["a", "b"] }, "b", "b"],
  [{ type: "fixed", name: "F", size: 3 }, "abc", Uint8Array.from(Buffer.from("abc"))],
  [millis, 1_700_000_000_000, 1_700_000_000_000n],
  [millis, "1700000000000", 1_700_000_000_000n],
  [millis, "2023-11-14T22:13:20Z", 1_700_000_000_000n],
  [millis, "2023-11-14 22:13:20", 1_700_000_000_000n],
  [millis, "2023-11-14T22:13", 1_699_999_980_000n],
  [millis, "2023-11-15T03:43:20.1239+0530", 1_700_000_000_123n],
  [millis, "1969-12-31T23:59:59.999Z", -1n],
  [micros, "2023-11-14T22:13:20.123456-01:00", 1_700_003_600_123_456n],
  [micros, "2023-11-14T22:13:20.5Z", 1_700_000_000_500_000n],
  [local, "2023-11-14T22:13:20", 1_700_000_000_000n],
  [{ type: "int", logicalType: "time-millis" }, 1000, 1000],
  [{ type: "long", logicalType: "time-micros" }, "1000", 1000n],
  [day, 19_000, 19_000],
  [day, "2023-11-14", 19_675],
  [decimal(5, 2), "-123.45", -12_345n],
  [decimal(5, 2), 1.1, 110n],
  [decimal(5, 2), "000000.00", 0n],
  [decimal(38, 0), "9".repeat(38), BigInt("9".repeat(38))],
  [decimal(4, 4), "0.1280", 1280n],
  [short, "-204.8", -2048n],
  [{ type: "string", logicalType: "uuid" }, uuid, uuid],
  [{ type: "int", logicalType: "of-nobody" }, 5, 5],
];

for (const [type, given, read] of VALUES) {
  const shown = given instanceof Uint8Array ? `${given.length} bytes` : JSON.stringify(given);
  Deno.test(`row of ${JSON.stringify(type)} takes ${shown}`, () => {
    assert.deepEqual(readRow(schemaOf(type), writeRow(schemaOf(type), { f: given })).f, read);
  });
}

Deno.test("row takes the default of a field that is not there, also of one that is called as all objects have it", () => {
  const schema = {
    type: "record",
    name: "Row",
    fields: [
      { name: "constructor", type: "string", default: "none" },
      { name: "n", type: ["long", "null"], default: 7 },
      { name: "s", type: { type: "record", name: "S", fields: [{ name: "x", type: millis, default: 5 }] } },
    ],
  };
  assert.deepEqual({ ...readRow(schema, writeRow(schema, { s: {}, more: 1 })) }, {
    constructor: "none",
    n: 7n,
    s: Object.assign(Object.create(null), { x: 5n }),
  });
});

const WHOLE_64 = "a whole number of 64 bits";
const TIME = "a time such as 2026-11-21T17:00:00.123Z, or";
const FAULTS: readonly (readonly [type: unknown, given: unknown, complaint: string])[] = [
  ["int", "x", 'Field "f" is "x", not a whole number of 32 bits'],
  ["int", 2 ** 31, 'Field "f" is 2147483648, not a whole number of 32 bits'],
  ["int", 1.5, 'Field "f" is 1.5, not a whole number of 32 bits'],
  ["int", undefined, 'Field "f" is missing; it is a whole number of 32 bits'],
  ["int", null, 'Field "f" is null, not a whole number of 32 bits'],
  ["long", 2 ** 53, 'Field "f" is 9007199254740992, not exact: write whole numbers beyond 2^53 as text'],
  ["long", "9223372036854775808", `Field "f" is "9223372036854775808", not ${WHOLE_64}`],
  ["long", true, `Field "f" is true, not ${WHOLE_64}`],
  ["double", "1.", 'Field "f" is "1.", not a number'],
  ["boolean", 1, 'Field "f" is 1, not true or false'],
  ["string", 5, 'Field "f" is 5, not text'],
  ["string", new Uint8Array([0xFF]), 'Field "f" is 1 bytes, not text in UTF-8'],
  ["int", "x".repeat(100), `Field "f" is "${"x".repeat(59)}…, not a whole number of 32 bits`],
  ["string", { long: "x".repeat(100) }, 'Field "f" is an object, not text'],
  [{ type: "enum", name: "E", symbols: ["a", "b"] }, "c", 'Field "f" is "c", not one of a, b'],
  [{ type: "fixed", name: "F", size: 3 }, "ü", 'Field "f" is "ü", not 3 bytes'],
  [{ type: "array", items: "int" }, [1, "x"], 'Field "f[1]" is "x", not a whole number of 32 bits'],
  [{ type: "array", items: "int" }, {}, 'Field "f" is an object, not a list'],
  [
    { type: "map", values: { type: "array", items: "int" } },
    { k: [true] },
    'Field "f.k[0]" is true, not a whole number of 32 bits',
  ],
  [{ type: "map", values: "int" }, [], 'Field "f" is a list of 0, not an object'],
  [["null", "int"], "x", 'Field "f" is "x", not a whole number of 32 bits'],
  [["null", "int", "boolean"], "x", 'Field "f" is "x", not of one of 2 types'],
  [millis, "yesterday", `Field "f" is "yesterday", not ${TIME} milliseconds`],
  [millis, "2023-02-29T00:00:00Z", `Field "f" is "2023-02-29T00:00:00Z", not ${TIME} milliseconds`],
  [millis, "2023-02-28T25:00:00Z", `Field "f" is "2023-02-28T25:00:00Z", not ${TIME} milliseconds`],
  [micros, 1.5, `Field "f" is 1.5, not ${TIME} microseconds`],
  [local, "2023-11-14T22:13:20Z", `Field "f" is "2023-11-14T22:13:20Z", not ${TIME} milliseconds`],
  [{ type: "int", logicalType: "time-millis" }, -1, 'Field "f" is -1, not milliseconds'],
  [day, "2023-02-30", 'Field "f" is "2023-02-30", not a date such as 2026-11-21, or days since 1970'],
  [
    decimal(5, 2),
    "1.234",
    'Field "f" is "1.234", not a decimal number of 5 digits, 2 of them behind the point',
  ],
  [decimal(5, 2), 1000, 'Field "f" is 1000, not a decimal number of 5 digits, 2 of them behind the point'],
  [decimal(5, 2), "", 'Field "f" is "", not a decimal number of 5 digits, 2 of them behind the point'],
  [{ type: "string", logicalType: "uuid" }, "no", 'Field "f" is "no", not a UUID'],
];

for (const [type, given, complaint] of FAULTS) {
  Deno.test(`row is refused: ${complaint}`, () => {
    assert.throws(() => writeRow(schemaOf(type), { f: given }), (fault) => {
      assert.ok(fault instanceof RowFault);
      assert.equal(fault.toString(), complaint);
      return true;
    });
  });
}

Deno.test("row that is no object is refused", () => {
  for (const [row, shown] of [[null, "null"], [[1], "a list of 1"], ["x", '"x"']] as const) {
    assert.throws(
      () => writeRow(schemaOf("int"), row),
      (fault) => String(fault) === `The row is ${shown}, not an object`,
    );
  }
});

const SCHEMA_FAULTS: readonly (readonly [schema: unknown, reason: RegExp])[] = [
  ["{", /^Not an Avro schema: .*JSON/],
  [null, /^Not an Avro schema: /],
  [schemaOf("strnig"), /^Not an Avro schema: undefined type name: strnig$/],
  [schemaOf("int", { default: "x" }), /^Not an Avro schema: /],
  [{ type: "array", items: "int" }, /^A row is of type "record", not "array"$/],
  [{ type: "record", name: "Row", fields: [] }, /^A row has no fields$/],
  [schemaOf(["null", "Row"]), /^Field "f" is of a type that holds itself: rows have an end$/],
  [
    schemaOf(decimal(5, 6)),
    /^Field "f": decimal has a precision from 1 to 38 and a scale up to that, not 5 and 6$/,
  ],
  [schemaOf({ ...short, precision: 5 }), /^Field "f": decimal has a precision from 1 to 4 /],
  [schemaOf({ type: "bytes", logicalType: "decimal" }), /not undefined and 0$/],
  [
    schemaOf({ type: "string", logicalType: "decimal", precision: 3 }),
    /^Field "f": decimal is "bytes" or "fixed", not "string"$/,
  ],
  [
    schemaOf({ type: "int", logicalType: "timestamp-millis" }),
    /^Field "f": timestamp-millis is a "long", not "int"$/,
  ],
];

for (const [schema, reason] of SCHEMA_FAULTS) {
  Deno.test(`schema of rows is refused: ${reason.source}`, () => {
    assert.throws(() => parseRowSchema(schema), (fault: Error) => {
      assert.ok(fault instanceof SyntaxError);
      assert.match(errorText(fault), reason);
      return true;
    });
  });
}
