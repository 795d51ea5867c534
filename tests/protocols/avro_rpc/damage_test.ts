import assert from "node:assert/strict";
import fc from "fast-check";
import { readAnswer } from "../../../protocols/avro_rpc/call.ts";
import type { EventColumns } from "../../../protocols/avro_rpc/event_columns.ts";
import { type Frame, FrameReader } from "../../../protocols/avro_rpc/frame.ts";
import { readHandshakeResponse } from "../../../protocols/avro_rpc/handshake.ts";
import { answerFrame, KnownProtocols, ServerSession } from "../../../protocols/avro_rpc/session.ts";
import { cursorAt, framesOf, recorded } from "../../support/avro_wire.ts";

const SEED = Deno.env.get("PROPERTY_SEED");
/** Inputs for each decoder; the long run wants a million. */
const FUZZ_RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 2000);
const OPTIONS = { numRuns: FUZZ_RUNS, ...SEED === undefined ? {} : { seed: Number(SEED) } };
const MAX_FRAME_BYTES = 64 * 1024;
/** Cells of header columns that a call may always have. */
const FREE_CELLS = 1024 * 1024;

/** A sample with bytes changed, cut out or put in; often in the first ones, where structure is. */
function damaged(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.oneof(fc.nat(120), fc.nat(800)),
    cut: fc.oneof(fc.constant(1), fc.nat(4)),
    put: fc.oneof(fc.uint8Array({ maxLength: 6 }), fc.constant(Uint8Array.of(0x7F, 0xFF, 0xFF, 0xFF))),
  });
  return fc.tuple(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: 4 })).map(
    ([sample, changes]) => {
      const bytes = Array.from(sample);
      for (const { at, cut, put } of changes) bytes.splice(at % (bytes.length + 1), cut, ...put);
      return Uint8Array.from(bytes);
    },
  );
}

/** Reads frames up to the first damage; whatever room is made must be for bytes that are there. */
function readFrames(bytes: Uint8Array): Frame[] {
  const take = (leastBytes: number) => {
    assert.ok(leastBytes <= bytes.length * 2, `Room for ${leastBytes} bytes of ${bytes.length}`);
    return new Uint8Array(leastBytes);
  };
  const reader = new FrameReader({ maxFrameBytes: MAX_FRAME_BYTES }, { take, give() {} });
  const frames: Frame[] = [];
  reader.feed(bytes);
  try {
    for (let frame = reader.next(); frame; frame = reader.next()) {
      frames.push({ ...frame, content: frame.content.slice() });
    }
  } catch (cause) {
    assert.ok(cause instanceof RangeError, String(cause));
  }
  return frames;
}

function checkEvents(events: EventColumns, { content }: Frame): void {
  const { starts, ends, size, headers } = events;
  assert.ok(size * 2 <= content.length && starts.length === size);
  for (let index = 0; index < size; index++) {
    assert.ok(starts[index]! <= ends[index]! && ends[index]! <= content.length);
  }
  let cells = 0;
  for (const column of headers.values()) {
    if (typeof column === "string") continue;
    assert.equal(column.length, size);
    cells += size;
  }
  assert.ok(cells <= Math.max(FREE_CELLS, content.length));
}

/** A source's side of a connection, up to the first call that it would close the connection for. */
async function checkCalls(bytes: Uint8Array): Promise<void> {
  const session = new ServerSession(new KnownProtocols());
  try {
    for (const frame of readFrames(bytes)) {
      const { events, handshake, answer } = await session.read(frame.content);
      if (events) checkEvents(events, frame);
      assert.equal(framesOf(answerFrame(frame.serial, handshake, answer)).length, 1);
    }
  } catch (cause) {
    assert.ok(cause instanceof RangeError, String(cause));
  }
}

const CALLS = ["avro-plain", "avro-cli", "avro-stranger", "avro-refused", "sink-avro"];

Deno.test("a recorded session that is damaged gives events within its frames, or a RangeError", async () => {
  const samples = CALLS.map((name) => recorded(name, "c2s"));
  await fc.assert(fc.asyncProperty(damaged(samples), checkCalls), OPTIONS);
});

Deno.test("a call that is damaged inside a whole frame gives events within it, or a RangeError", async () => {
  const contents = CALLS.flatMap((name) =>
    framesOf(recorded(name, "c2s")).slice(0, 2).map(({ content }) => content)
  );
  const framed = (content: Uint8Array) => answerFrame(1, content, undefined);
  await fc.assert(
    fc.asyncProperty(damaged(contents), (content) => checkCalls(framed(content))),
    OPTIONS,
  );
});

Deno.test("random bytes are refused with a RangeError, if at all", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), checkCalls), OPTIONS);
});

Deno.test("an answer that is damaged is read as an answer, or refused with a RangeError", () => {
  const samples = framesOf(recorded("avro-plain", "s2c")).map(({ content }) => content);
  fc.assert(
    fc.property(damaged(samples), fc.boolean(), (bytes, isFirst) => {
      const cursor = cursorAt(bytes);
      try {
        if (isFirst) readHandshakeResponse(cursor);
        readAnswer(cursor);
      } catch (cause) {
        assert.ok(cause instanceof RangeError, String(cause));
      }
    }),
    OPTIONS,
  );
});
