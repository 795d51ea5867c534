import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import avsc from "avsc";
import { AvroSchema } from "../../protocols/avro_schema.ts";

/** A schema with every type that Avro has, one that holds itself among them. */
const ORDER = {
  type: "record",
  name: "Order",
  namespace: "org.example.shop",
  doc: "What somebody bought.",
  fields: [
    { name: "id", type: "long" },
    { name: "paid", type: "boolean", default: false },
    { name: "weight", type: "float" },
    { name: "price", type: "double" },
    { name: "placed", type: { type: "long", logicalType: "timestamp-millis" } },
    { name: "state", type: { type: "enum", name: "State", symbols: ["OPEN", "SENT", "BACK"] } },
    { name: "digest", type: { type: "fixed", name: "Digest", size: 4 } },
    { name: "lines", type: { type: "array", items: { type: "map", values: ["null", "string", "int"] } } },
    { name: "note", type: ["null", "bytes"], default: null },
    { name: "previous", type: ["null", "Order"], default: null },
  ],
} as const;

const FIRST = {
  id: -7,
  paid: true,
  weight: 1.5,
  price: 19.99,
  placed: 1700000000000,
  state: "SENT",
  digest: Buffer.from([1, 2, 3, 255]),
  lines: [{ artikel: { string: "Käse" }, menge: { int: 300 } }, {}, { leer: null }],
  note: { bytes: Buffer.alloc(300, 7) },
  previous: null,
};

Deno.test("avro schema steps over any datum as far as an Avro library has written", () => {
  const type = avsc.Type.forSchema(ORDER as unknown as avsc.Schema, { wrapUnions: true });
  const nested = { ...FIRST, previous: { "org.example.shop.Order": FIRST }, note: null };
  const bytes = Buffer.concat([FIRST, nested, FIRST].map((datum) => type.toBuffer(datum)));
  const schema = new AvroSchema(JSON.stringify(ORDER));
  const offsets = [0, 0, 0];
  for (let n = 0; n < 3; n++) offsets[n] = schema.skip(bytes, offsets[n - 1] ?? 0);
  assert.equal(offsets[0], type.toBuffer(FIRST).length);
  assert.equal(offsets[2], bytes.length);
});

Deno.test("avro schema steps over lists that are cut into blocks with their length", () => {
  // -2 entries in 3 bytes: "a" and "", then the end.
  const bytes = Uint8Array.of(3, 6, 2, 0x61, 0, 0);
  assert.equal(new AvroSchema('{"type":"array","items":"string"}').skip(bytes, 0), 6);
});

Deno.test("avro schema has the fingerprint that the specification gives", () => {
  assert.equal(new AvroSchema('"int"').fingerprint(), "8f5c393f1ad57572");
  assert.equal(new AvroSchema('{"type": "int", "doc": "said more"}').fingerprint(), "8f5c393f1ad57572");
});

Deno.test("avro schema refuses damaged bytes instead of going round for ever", () => {
  const list = new AvroSchema('{"type":"array","items":"null"}');
  assert.throws(() => list.skip(Uint8Array.of(0xFE, 0xFF, 0xFF, 0xFF, 0x0F), 0), /list of \d+ entries/);
  assert.throws(() => list.skip(Uint8Array.of(2), 0), /has no end/);
  assert.throws(() => new AvroSchema('"string"').skip(Uint8Array.of(80, 1), 0), /text of 40 bytes/);
  assert.throws(() => new AvroSchema('"double"').skip(Uint8Array.of(1), 0), /beyond its block/);
  assert.throws(() => new AvroSchema('["null","int"]').skip(Uint8Array.of(8), 0), /no branch 4/);
  assert.throws(() => new AvroSchema('{"type":"recrod"}'), {
    name: "SyntaxError",
    message: /Not an Avro schema/,
  });
});

Deno.test("avro schema refuses data nested without end", () => {
  const schema = new AvroSchema(
    '{"type":"record","name":"Node","fields":[{"name":"next","type":["null","Node"]}]}',
  );
  assert.throws(() => schema.skip(new Uint8Array(100_000).fill(2), 0), /nested more than 1000 deep/);
  assert.equal(schema.skip(Uint8Array.of(2, 2, 0), 0), 3);
});
