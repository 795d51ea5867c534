import assert from "node:assert/strict";
import fc from "fast-check";
import { type Codec, type Decoder, EventBatch } from "sluice/plugin";
import { checkShape, columnsOf, latin1, plain, sampleBatches } from "./batches.ts";
import type { ContractCase } from "./case.ts";
import type { Subject } from "./subject.ts";

/** A codec, and the bodies that it carries unchanged. */
export interface CodecSubject {
  readonly subject: Subject<Codec>;
  /** Bodies that come back as they went out; absent when the output is not read back event by event. */
  readonly bodies?: fc.Arbitrary<Uint8Array>;
  /** Whether headers come back too. */
  readonly keepsHeaders?: boolean;
}

/** Bytes of all kinds, more often those that formats stumble over: NUL, newlines, quotes, separators, high ones. */
export const ANY_BODY: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc.array(fc.constantFrom(0, 9, 10, 13, 32, 34, 44, 92, 123, 0xC3, 0xBC, 0xFF), { maxLength: 32 })
    .map((bytes) => Uint8Array.from(bytes)),
);
/** The same without newlines. */
export const LINE_BODY: fc.Arbitrary<Uint8Array> = ANY_BODY.map((body) => body.filter((byte) => byte !== 10));
/** Text in UTF-8, newlines and NUL included. */
export const TEXT_BODY: fc.Arbitrary<Uint8Array> = fc.string({ unit: "binary", maxLength: 40 })
  .map((text) => new TextEncoder().encode(text));

const HEADERS = fc.dictionary(
  fc.constantFrom("host", "städte", "x-y"),
  fc.string({ unit: "binary", maxLength: 8 }),
);

function join(parts: readonly (Uint8Array | undefined)[]): Uint8Array {
  const block = new Uint8Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0));
  let offset = 0;
  for (const part of parts) {
    if (part) block.set(part, offset);
    offset += part?.length ?? 0;
  }
  return block;
}

/** One whole output of some batches. */
async function encodeAll(codec: Codec, batches: readonly EventBatch[]): Promise<Uint8Array> {
  const encoder = codec.encoder!();
  const parts = [encoder.begin?.()];
  for (const batch of batches) parts.push(join(await encoder.encode(batch)));
  return join([...parts, encoder.end?.()]);
}

/** Decodes an input that comes in pieces, as a source does: what is left over comes again in front of the next piece. */
async function decodeAll(
  decoder: Decoder,
  bytes: Uint8Array,
  cuts: readonly number[] = [],
): Promise<EventBatch> {
  const batches: EventBatch[] = [];
  const ends = [
    ...cuts.map((cut) => cut % (bytes.length + 1)).sort((one, other) => one - other),
    bytes.length,
  ];
  let from = 0;
  for (const [at, end] of ends.entries()) {
    const isLast = at === ends.length - 1;
    const { batch, consumedBytes } = await decoder.decode(bytes.slice(from, end), isLast);
    assert.ok(consumedBytes <= end - from, `${consumedBytes} of ${end - from} bytes consumed`);
    checkShape(batch);
    if (batch.size > 0) batches.push(batch.detach());
    from += consumedBytes;
  }
  return batches.length === 0 ? EventBatch.EMPTY : EventBatch.concat(batches);
}

const RUNS = { numRuns: 60 };

/** What every codec promises. */
export const CODEC_CASES: readonly ContractCase<CodecSubject>[] = [
  {
    name: "leaves a batch that it encodes as it was",
    async run({ subject }) {
      const codec = await subject.create();
      if (!codec.encoder) return;
      for (const batch of sampleBatches()) {
        const [before, columns] = [plain(batch), columnsOf(batch)];
        await encodeAll(codec, [batch]);
        assert.deepEqual(plain(batch), before);
        assert.deepEqual(columnsOf(batch), columns);
      }
    },
  },
  {
    name: "writes no bytes for an empty batch",
    async run({ subject }) {
      const encoder = (await subject.create()).encoder?.();
      if (encoder) assert.equal(join(await encoder.encode(EventBatch.EMPTY)).length, 0);
    },
  },
  {
    name: "writes the same bytes in one batch as in many",
    async run({ subject }) {
      const codec = await subject.create();
      if (!codec.encoder) return;
      for (const batch of sampleBatches()) {
        const parts = Array.from({ length: batch.size }, (_, index) => batch.slice(index, index + 1));
        assert.equal(latin1(await encodeAll(codec, parts)), latin1(await encodeAll(codec, [batch])));
      }
    },
  },
  {
    name: "reads back the events that it wrote",
    async run({ subject, bodies, keepsHeaders }) {
      const codec = await subject.create();
      const event = fc.record({ body: bodies!, headers: keepsHeaders ? HEADERS : fc.constant({}) });
      await fc.assert(
        fc.asyncProperty(fc.array(event, { maxLength: 12 }), async (events) => {
          const batch = EventBatch.from(events);
          const decoded = await decodeAll(codec.decoder!(), await encodeAll(codec, [batch]));
          assert.deepEqual(plain(decoded).bodies, plain(batch).bodies);
          assert.deepEqual(plain(decoded).headers, plain(batch).headers);
        }),
        RUNS,
      );
    },
  },
  {
    name: "reads the same events from an input in pieces as from a whole one",
    async run({ subject, bodies }) {
      const codec = await subject.create();
      const body = bodies ?? ANY_BODY;
      await fc.assert(
        fc.asyncProperty(
          fc.array(body, { maxLength: 12 }),
          fc.array(fc.nat(), { maxLength: 4 }),
          async (list, cuts) => {
            const input = codec.encoder ? await encodeAll(codec, [EventBatch.ofBodies(list)]) : join(list);
            const whole = await decodeAll(codec.decoder!(), input);
            assert.deepEqual(plain(await decodeAll(codec.decoder!(), input, cuts)), plain(whole));
          },
        ),
        RUNS,
      );
    },
  },
  {
    name: "reads any bytes to their end, or says in a SyntaxError why not",
    async run({ subject }) {
      const codec = await subject.create();
      await fc.assert(
        fc.asyncProperty(ANY_BODY, async (input) => {
          try {
            const { batch, consumedBytes } = await codec.decoder!().decode(input, true);
            checkShape(batch);
            assert.equal(consumedBytes, input.length);
          } catch (thrown) {
            assert.ok(thrown instanceof SyntaxError, String(thrown));
          }
        }),
        RUNS,
      );
    },
  },
];
