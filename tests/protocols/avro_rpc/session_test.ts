import assert from "node:assert/strict";
import { EventBatch } from "sluice/plugin";
import { readAnswer, writeCallHead } from "../../../protocols/avro_rpc/call.ts";
import { EventWriter } from "../../../protocols/avro_rpc/event_writer.ts";
import { readHandshakeResponse, writeHandshakeRequest } from "../../../protocols/avro_rpc/handshake.ts";
import { FLUME_HASH, hashOf, PROTOCOL_TEXT } from "../../../protocols/avro_rpc/protocol.ts";
import { answerFrame, KnownProtocols, ServerSession } from "../../../protocols/avro_rpc/session.ts";
import { encodeIdentity, IDENTITY_KEY } from "../../../protocols/batch_identity.ts";
import { ByteWriter } from "../../../protocols/byte_writer.ts";
import { cursorAt, framesOf } from "../../support/avro_wire.ts";

const IDENTITY = { stream: "main@7.0", runs: [{ first: 5, count: 1, after: 5, timeMs: 0 }] };
const SHOWN = new Map([[IDENTITY_KEY, Uint8Array.of(1)]]);

interface CallParts {
  readonly isFirst?: boolean;
  readonly clientHash?: Uint8Array;
  readonly clientProtocol?: string;
  readonly shows?: ReadonlyMap<string, Uint8Array>;
  readonly meta?: ReadonlyMap<string, Uint8Array>;
}

function call(
  { isFirst = true, clientHash = FLUME_HASH, clientProtocol, shows, meta }: CallParts,
): Uint8Array {
  const writer = new ByteWriter();
  const handshake = { clientHash, clientProtocol, serverHash: FLUME_HASH, meta: shows ?? new Map() };
  if (isFirst) writeHandshakeRequest(writer, handshake);
  writeCallHead(writer, { name: "append", meta: meta ?? new Map() });
  new EventWriter(writer).writeEach(EventBatch.from([{ body: "x" }]));
  return writer.written.slice();
}

Deno.test("a session tells a client that shows identities that it reads them, and only such a client", async () => {
  for (const shows of [undefined, SHOWN]) {
    const session = new ServerSession(new KnownProtocols());
    const meta = new Map([[IDENTITY_KEY, encodeIdentity(IDENTITY)]]);
    const first = await session.read(call({ meta, ...shows && { shows } }));
    const { match, meta: told } = readHandshakeResponse(cursorAt(first.handshake));
    assert.equal(match, "BOTH");
    assert.deepEqual(told, shows);
    assert.deepEqual(first.identity, shows && IDENTITY);
    const second = await session.read(call({ isFirst: false, meta }));
    assert.equal(second.handshake.length, 0);
    assert.deepEqual(second.identity, shows && IDENTITY);
    assert.equal((await session.read(call({ isFirst: false }))).identity, undefined);
  }
});

Deno.test("a session refuses an identity that is none", async () => {
  const meta = new Map([[IDENTITY_KEY, Uint8Array.of(9)]]);
  const session = new ServerSession(new KnownProtocols());
  await assert.rejects(session.read(call({ shows: SHOWN, meta })), RangeError);
});

Deno.test("a text whose hash is another holds for its own connection only", async () => {
  const known = new KnownProtocols();
  const clientHash = new Uint8Array(16).fill(7);
  const { events } = await new ServerSession(known).read(call({ clientHash, clientProtocol: PROTOCOL_TEXT }));
  assert.equal(events?.size, 1);
  assert.equal(known.has(clientHash), false);
  const own = hashOf(PROTOCOL_TEXT);
  await new ServerSession(known).read(call({ clientHash: own, clientProtocol: PROTOCOL_TEXT }));
  assert.equal(known.has(own), true);
});

Deno.test("an answer has a buffer for its handshake, its metadata and the rest, and is read as it was", () => {
  for (const answer of [{ status: "FAILED" } as const, { error: "Größe" }]) {
    const [frame] = framesOf(answerFrame(9, new Uint8Array(4), answer));
    const cursor = cursorAt(frame!.content);
    assert.equal(readHandshakeResponse(cursor).match, "BOTH");
    assert.deepEqual(readAnswer(cursor), answer);
    assert.equal(cursor.bytesLeft, 0);
  }
});
