import assert from "node:assert/strict";
import fc from "fast-check";
import { frameEnds, recorded } from "../../support/avro_wire.ts";
import { until } from "../../support/until.ts";
import { readBytes, readToEnd, type RunningAvro, send, withAvroSource } from "./_avro/running.ts";

const SEED = Deno.env.get("PROPERTY_SEED");
const OPTIONS = { numRuns: 60, ...SEED === undefined ? {} : { seed: Number(SEED) } };

const CHANGES = fc.array(
  fc.record({
    at: fc.oneof(fc.nat(120), fc.nat(40_000)),
    cut: fc.oneof(fc.constant(1), fc.nat(300)),
    put: fc.uint8Array({ maxLength: 8 }),
  }),
  { minLength: 1, maxLength: 3 },
);

function damage(sample: Uint8Array, changes: readonly { at: number; cut: number; put: Uint8Array }[]) {
  const bytes = Array.from(sample);
  for (const { at, cut, put } of changes) bytes.splice(at % (bytes.length + 1), cut, ...put);
  return Uint8Array.from(bytes);
}

/** Whatever a client sends, its connection ends once it has ended its own side, and others are served. */
async function checkServed(
  { run, connect }: RunningAvro,
  bytes: Uint8Array,
  pieceBytes: number,
): Promise<void> {
  const conn = await connect();
  await send(conn, bytes, pieceBytes).catch(() => {});
  await conn.closeWrite().catch(() => {});
  await readToEnd(conn);
  await until("the connection to be forgotten", () => run.context.counters.get("OpenConnectionCount") === 0);
}

async function serveGood({ connect }: RunningAvro): Promise<void> {
  using conn = await connect();
  const calls = recorded("avro-plain", "c2s");
  await send(conn, calls.subarray(0, frameEnds(calls)[0]));
  assert.deepEqual(await readBytes(conn, 27), recorded("avro-plain", "s2c").subarray(0, 27));
}

for (const settings of [{}, { "compression-type": "deflate" }]) {
  const isDeflated = "compression-type" in settings;
  const names = isDeflated
    ? ["avro-deflate", "avro-big-deflate"]
    : ["avro-plain", "avro-big", "avro-stranger"];
  Deno.test(`avro outlives clients whose ${isDeflated ? "deflated " : ""}calls are damaged`, async () => {
    await withAvroSource(settings, async (running) => {
      const samples = fc.constantFrom(...names.map((name) => recorded(name, "c2s")));
      await fc.assert(
        fc.asyncProperty(
          samples,
          CHANGES,
          fc.constantFrom(100, 5000, 100_000),
          (sample, changes, pieceBytes) => checkServed(running, damage(sample, changes), pieceBytes),
        ),
        OPTIONS,
      );
      if (!isDeflated) await serveGood(running);
    });
  });
}
