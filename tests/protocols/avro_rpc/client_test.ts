import assert from "node:assert/strict";
import { EventBatch } from "sluice/plugin";
import { type AvroClient, type AvroTarget, connectAvro } from "../../../protocols/avro_rpc/client.ts";
import { answerFrame } from "../../../protocols/avro_rpc/session.ts";
import { writeHandshakeResponse } from "../../../protocols/avro_rpc/handshake.ts";
import { FLUME_HASH, PROTOCOL_TEXT } from "../../../protocols/avro_rpc/protocol.ts";
import { IDENTITY_KEY } from "../../../protocols/batch_identity.ts";
import { ByteWriter } from "../../../protocols/byte_writer.ts";
import { frameEnds, framesOf, GOLDEN, recorded } from "../../support/avro_wire.ts";
import { until } from "../../support/until.ts";
import { type Answering, Receiver } from "../../plugins/sinks/_rpc/receiver.ts";

const NEVER = new AbortController().signal;
const NO_HANDSHAKE = new Uint8Array(0);
const BOTH = new Uint8Array(4);
const OK = { status: "OK" } as const;

/** Answers each call as a source does, the first with a handshake. */
const answerAll: Answering = (frame) => answerFrame(frame + 1, frame === 0 ? BOTH : NO_HANDSHAKE, OK);

async function withClient(
  answering: Answering,
  change: Partial<AvroTarget>,
  use: (client: AvroClient, receiver: Receiver) => Promise<void>,
): Promise<void> {
  using receiver = new Receiver(answering);
  const client = await connectAvro({
    hostname: "127.0.0.1",
    port: receiver.port,
    connectTimeoutMs: 5000,
    requestTimeoutMs: 5000,
    signal: NEVER,
    ...change,
  });
  try {
    await use(client, receiver);
  } finally {
    client.close();
  }
}

function handshake(match: "BOTH" | "CLIENT" | "NONE", meta?: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const writer = new ByteWriter();
  const own = match === "BOTH" ? {} : { serverProtocol: PROTOCOL_TEXT, serverHash: FLUME_HASH };
  writeHandshakeResponse(writer, { match, ...own, meta });
  return writer.written;
}

Deno.test("an Avro client sends the bytes of Flume's client", async () => {
  const answers = recorded("avro-plain", "s2c");
  const ends = [0, ...frameEnds(answers)];
  await withClient(
    (frame) => answers.subarray(ends[frame], ends[frame + 1]),
    {},
    async (client, receiver) => {
      const [first, last] = [GOLDEN.slice(0, 1), GOLDEN.slice(4)];
      await client.append(EventBatch.from(first), { signal: NEVER });
      await client.send(EventBatch.from(GOLDEN.slice(1, 4)), { signal: NEVER });
      await client.append(EventBatch.from(last), { signal: NEVER });
      assert.deepEqual(receiver.received, [recorded("avro-plain", "c2s")]);
    },
  );
});

Deno.test("an Avro client cuts what is long into buffers of 8192 bytes, as Flume's does", async () => {
  await withClient(answerAll, {}, async (client, receiver) => {
    const batch = EventBatch.from(Array.from({ length: 100 }, (_, i) => ({
      headers: { i: String(i) },
      body: `big event ${i} ${"abcdefghij".repeat(i % 40)}`,
    })));
    await client.send(batch, { signal: NEVER });
    await client.append(EventBatch.from([{ body: "0123456789".repeat(2000) }]), { signal: NEVER });
    assert.deepEqual(receiver.received, [recorded("avro-big", "c2s")]);
  });
});

Deno.test("an Avro client sends as much as fills its buffers exactly, and an empty batch", async () => {
  for (const [bytes, buffers] of [[8188, 2], [8189, 2], [8190, 3], [16380, 3], [16381, 4]] as const) {
    await withClient(answerAll, {}, async (client, receiver) => {
      await client.append(EventBatch.from([{ body: "x".repeat(bytes) }]), { signal: NEVER });
      await client.send(EventBatch.EMPTY, { signal: NEVER });
      const [call, empty] = framesOf(receiver.received[0]!);
      const lengthBytes = bytes < 8192 ? 2 : 3;
      assert.equal(
        call!.content.length,
        43 + 1 + lengthBytes + bytes,
        "handshake and name, no headers, body",
      );
      assert.equal(new DataView(receiver.received[0]!.buffer).getInt32(4), buffers);
      assert.equal(new TextDecoder().decode(empty!.content), "\0\x16appendBatch\0");
    });
  }
});

Deno.test("an Avro client shows its protocol to a source that does not know it, and asks again", async () => {
  const answers = [
    answerFrame(1, handshake("NONE"), undefined),
    answerFrame(2, handshake("BOTH"), OK),
    answerFrame(3, NO_HANDSHAKE, OK),
  ];
  await withClient((frame) => answers[frame], {}, async (client, receiver) => {
    await client.send(EventBatch.from(GOLDEN), { signal: NEVER });
    await client.send(EventBatch.from(GOLDEN), { signal: NEVER });
    const texts = framesOf(receiver.received[0]!).map(({ content }) => new TextDecoder().decode(content));
    assert.deepEqual(texts.map((text) => text.includes(PROTOCOL_TEXT)), [false, true, false]);
    assert.deepEqual(texts.map((text) => text.includes("hello flume")), [true, true, true]);
  });
});

Deno.test("an Avro client talks to a source with another hash whose protocol is the same", async () => {
  const answers = [answerFrame(1, handshake("CLIENT"), OK), answerFrame(2, NO_HANDSHAKE, OK)];
  await withClient((frame) => answers[frame], {}, async (client) => {
    await client.send(EventBatch.from(GOLDEN), { signal: NEVER });
    await client.send(EventBatch.from(GOLDEN), { signal: NEVER });
  });
});

const REFUSALS: readonly { readonly what: string; readonly answer: Uint8Array; readonly says: RegExp }[] = [
  {
    what: "refuses",
    answer: answerFrame(1, BOTH, { status: "FAILED" }),
    says: /^The source answered FAILED$/,
  },
  {
    what: "does not know why",
    answer: answerFrame(1, BOTH, { status: "UNKNOWN" }),
    says: /answered UNKNOWN$/,
  },
  {
    what: "answers with an error",
    answer: answerFrame(1, BOTH, { error: "no such call" }),
    says: /^The source answered with an error: no such call$/,
  },
  {
    what: "answers another call",
    answer: answerFrame(7, BOTH, OK),
    says: /An answer to call 7, which was not made/,
  },
  { what: "answers what is no frame", answer: new Uint8Array(16).fill(255), says: /A frame of -1 buffers/ },
  {
    what: "answers a huge frame",
    answer: Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 127, 255, 255, 255),
    says: /limit/,
  },
  {
    what: "answers nonsense",
    answer: answerFrame(1, Uint8Array.of(9), OK),
    says: /no answer to a handshake/,
  },
  {
    what: "never knows the protocol",
    answer: answerFrame(1, handshake("NONE"), undefined),
    says: /An answer to call 1, which was not made|does not know our protocol/,
  },
];
for (const { what, answer, says } of REFUSALS) {
  Deno.test(`an Avro client says so when the source ${what}`, async () => {
    await withClient(() => answer, {}, async (client) => {
      await assert.rejects(client.send(EventBatch.from(GOLDEN), { signal: NEVER }), { message: says });
    });
  });
}

Deno.test("an Avro client gives up when no answer comes in time, and is broken then", async () => {
  await withClient(() => undefined, { requestTimeoutMs: 20 }, async (client) => {
    await assert.rejects(client.send(EventBatch.from(GOLDEN), { signal: NEVER }), /No answer within 20 ms/);
    assert.equal(client.isBroken, true);
    await assert.rejects(client.send(EventBatch.from(GOLDEN), { signal: NEVER }), /No answer within 20 ms/);
  });
});

Deno.test("an Avro client gives up when its signal aborts", async () => {
  const stop = new AbortController();
  await withClient(() => undefined, {}, async (client, receiver) => {
    const sent = client.send(EventBatch.from(GOLDEN), { signal: stop.signal });
    await until("the call", () => (receiver.received[0]?.length ?? 0) > 0);
    stop.abort(new Error("The pipeline stops"));
    await assert.rejects(sent, /The pipeline stops/);
  });
});

Deno.test("an Avro client notices that the source has closed", async () => {
  await withClient(answerAll, {}, async (client, receiver) => {
    await client.send(EventBatch.from(GOLDEN), { signal: NEVER });
    receiver.closeConnections();
    await until("the end", () => client.isBroken);
  });
  await withClient(() => undefined, {}, async (client, receiver) => {
    const sent = client.send(EventBatch.from(GOLDEN), { signal: NEVER });
    await until("the call", () => (receiver.received[0]?.length ?? 0) > 0);
    receiver.closeConnections();
    await assert.rejects(sent);
  });
});

Deno.test("an Avro client makes one call after the other, whoever asks", async () => {
  await withClient(answerAll, {}, async (client, receiver) => {
    const batches = Array.from({ length: 20 }, (_, i) => EventBatch.from([{ body: `<${i}>` }]));
    await Promise.all(batches.map((batch) => client.send(batch, { signal: NEVER })));
    const text = new TextDecoder().decode(receiver.received[0]);
    assert.deepEqual(text.match(/<\d+>/g), batches.map((_, i) => `<${i}>`));
  });
});

Deno.test("an Avro client tells which events a batch holds, until a source has not said that it reads that", async () => {
  const shown = new Map([[IDENTITY_KEY, Uint8Array.of(1)]]);
  const identity = new TextEncoder().encode("<identity>");
  for (const isKnown of [true, false]) {
    const answers = [
      answerFrame(1, handshake("BOTH", isKnown ? shown : undefined), OK),
      answerFrame(2, NO_HANDSHAKE, OK),
    ];
    await withClient((frame) => answers[frame], { showsIdentity: true }, async (client, receiver) => {
      await client.send(EventBatch.from(GOLDEN), { signal: NEVER, identity });
      await client.send(EventBatch.from(GOLDEN), { signal: NEVER, identity });
      const told = framesOf(receiver.received[0]!).map(({ content }) =>
        new TextDecoder().decode(content).includes("<identity>")
      );
      assert.deepEqual(told, [true, isKnown]);
    });
  }
});

const NO_SOURCES = [
  { says: "an HTTP server", bytes: new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n") },
  { says: "an HTTP server", bytes: new TextEncoder().encode("<!DOCTYPE HTML>\n<html>") },
  { says: "a TLS server, and ssl is off here", bytes: Uint8Array.of(0x15, 3, 3, 0, 2, 2, 10) },
  { says: "a server of plain text", bytes: new TextEncoder().encode("SSH-2.0-OpenSSH_9\r\n") },
  {
    says: "a source with compression-type = deflate, which is off here",
    bytes: recorded("avro-deflate", "s2c"),
  },
];

for (const [index, { says, bytes }] of NO_SOURCES.entries()) {
  Deno.test(`an Avro client says that the other side seems to be ${says}, by answer ${index}`, async () => {
    await withClient(() => bytes, {}, async (client, receiver) => {
      const sent = client.send(EventBatch.from([{ body: "x" }]), { signal: NEVER });
      const refused = assert.rejects(sent, { message: `The other side seems to be ${says}` });
      // What is shorter than the head of a frame is looked at when the connection ends.
      if (bytes.length < 8) {
        await until("the answer", () => (receiver.received[0]?.length ?? 0) > 0);
        receiver.closeConnections();
      }
      await refused;
    });
  });
}
