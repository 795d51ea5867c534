import assert from "node:assert/strict";
import { ChannelFullError, type Context, type Emit, type EventBatch } from "sluice/plugin";
import netcat from "../../../plugins/sources/netcat.ts";
import { collectingEmit, testContext } from "../../support/context.ts";
import { until } from "../../support/until.ts";

const settings = {
  bind: "127.0.0.1",
  port: 0,
  "max-line-length": 512,
  "ack-every-event": true,
  encoding: "utf-8",
  maxConnections: 1024,
  idleTimeout: 0,
};

interface Running {
  readonly context: Context;
  connect(): Promise<Deno.TcpConn>;
}

async function withSource(
  emit: Emit,
  change: Partial<typeof settings>,
  use: (running: Running) => Promise<void>,
) {
  const stop = new AbortController();
  const context = testContext({ signal: stop.signal });
  const running = (await netcat.create({ ...settings, ...change }, context)).run(emit);
  try {
    await until("the port", () => context.counters.get("Port") > 0);
    const port = context.counters.get("Port");
    await use({ context, connect: () => Deno.connect({ hostname: "127.0.0.1", port }) });
  } finally {
    stop.abort();
    await running;
  }
}

async function send(conn: Deno.TcpConn, sent: string | Uint8Array): Promise<void> {
  let rest = typeof sent === "string" ? new TextEncoder().encode(sent) : sent;
  while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
}

async function readToEnd(conn: Deno.TcpConn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (let bytes = await conn.read(buffer); bytes !== null; bytes = await conn.read(buffer)) {
    text += decoder.decode(buffer.subarray(0, bytes), { stream: true });
  }
  conn.close();
  return text;
}

/** Sends all, ends the sending, and reads to the end. */
async function exchange(conn: Deno.TcpConn, sent: string | Uint8Array): Promise<string> {
  const answer = readToEnd(conn);
  await send(conn, sent);
  await conn.closeWrite();
  return await answer;
}

function refusing(cause: Error): Emit {
  return Object.assign((_batch: EventBatch) => Promise.reject(cause), { ready: Promise.resolve() });
}

Deno.test("netcat answers OK for each line, keeps returns and empty lines, and drops an unfinished last line", async () => {
  const emit = collectingEmit();
  await withSource(emit, {}, async ({ connect }) => {
    const answer = await exchange(await connect(), "GET / HTTP/1.1\r\n\nHost: exämple.org\nunfinished");
    assert.equal(answer, "OK\nOK\nOK\n");
  });
  assert.deepEqual(emit.bodies(), ["GET / HTTP/1.1\r", "", "Host: exämple.org"]);
});

Deno.test("netcat answers nothing, when it need not", async () => {
  const emit = collectingEmit();
  await withSource(emit, { "ack-every-event": false }, async ({ connect }) => {
    assert.equal(await exchange(await connect(), "sshd: session opened\nsshd: session closed\n"), "");
  });
  assert.deepEqual(emit.bodies(), ["sshd: session opened", "sshd: session closed"]);
});

Deno.test("netcat tells Flume's text and closes, when a line is too long", async () => {
  const emit = collectingEmit();
  await withSource(emit, { "max-line-length": 12 }, async ({ connect, context }) => {
    const answer = await exchange(await connect(), "eleven char\ntwelve chars\nnever seen\n");
    assert.equal(answer, "OK\nFAILED: Event exceeds the maximum length (12 chars, including newline)\n");
    assert.equal(context.counters.get("EventReadFail"), 1);
  });
  assert.deepEqual(emit.bodies(), ["eleven char"]);
});

Deno.test("netcat counts characters, not bytes, against the limit", async () => {
  const emit = collectingEmit();
  await withSource(emit, { "max-line-length": 12 }, async ({ connect }) => {
    assert.equal(await exchange(await connect(), "日本語日本語日本語日本\n"), "OK\n");
    const answer = await exchange(await connect(), "日本語日本語日本語日本語 without an end");
    assert.match(answer, /^FAILED: Event exceeds/);
  });
  assert.deepEqual(emit.bodies(), ["日本語日本語日本語日本"]);
});

Deno.test("netcat takes lines of a megabyte, when the limit allows them", async () => {
  const emit = collectingEmit();
  const line = "kernel: oom-killer ".repeat(60_000);
  await withSource(emit, { "max-line-length": 2_000_000 }, async ({ connect }) => {
    assert.equal(await exchange(await connect(), `first\n${line}\nlast\n`), "OK\nOK\nOK\n");
  });
  assert.deepEqual(emit.bodies(), ["first", line, "last"]);
});

Deno.test("netcat answers FAILED with the reason for each line, when the channel refuses", async () => {
  await withSource(refusing(new ChannelFullError("Channel main is full")), {}, async ({ connect }) => {
    const answer = await exchange(await connect(), "one request\nanother request\n");
    assert.equal(answer, "FAILED: Channel main is full\n".repeat(2));
  });
});

Deno.test("netcat answers in order and only after the commit, when commits take their time", async () => {
  const commits: PromiseWithResolvers<void>[] = [];
  const slow = (_batch: EventBatch) => {
    commits.push(Promise.withResolvers<void>());
    return commits.at(-1)!.promise;
  };
  await withSource(Object.assign(slow, { ready: Promise.resolve() }), {}, async ({ connect }) => {
    const conn = await connect();
    const answer = readToEnd(conn);
    await send(conn, "debit 20 EUR\n");
    await until("the first commit to be asked for", () => commits.length === 1);
    await send(conn, "credit 20 EUR\n");
    await until("the second commit to be asked for", () => commits.length === 2);
    commits[1]!.resolve();
    commits[0]!.reject(new Error("Disk full"));
    await conn.closeWrite();
    assert.equal(await answer, "FAILED: Disk full\nOK\n");
  });
});

Deno.test("netcat turns other charsets into UTF-8", async () => {
  const emit = collectingEmit();
  await withSource(emit, { encoding: "iso-8859-1" }, async ({ connect }) => {
    const bytes = Uint8Array.from("Gr\xfc\xdfe aus K\xf6ln\n", (letter) => letter.charCodeAt(0));
    assert.equal(await exchange(await connect(), bytes), "OK\n");
  });
  assert.deepEqual(emit.bodies(), ["Grüße aus Köln"]);
});

Deno.test("netcat keeps bytes that are no UTF-8 as they are", async () => {
  const emit = collectingEmit();
  await withSource(emit, {}, async ({ connect }) => {
    await exchange(await connect(), Uint8Array.of(0xff, 0x00, 0xfe, 10));
  });
  assert.deepEqual([...emit.batches[0]!.body(0)], [0xff, 0x00, 0xfe]);
});

Deno.test("netcat refuses clients over the limit and goes on with the others", async () => {
  await withSource(collectingEmit(), { maxConnections: 1 }, async ({ connect, context }) => {
    const first = await connect();
    await until("the first client", () => context.counters.get("OpenConnectionCount") === 1);
    const second = await connect();
    assert.equal(await readToEnd(second), "FAILED: Too many connections\n");
    assert.equal(await exchange(first, "still here\n"), "OK\n");
  });
});

Deno.test("netcat closes a client, when it is idle for too long", async () => {
  await withSource(collectingEmit(), { idleTimeout: 0.02 }, async ({ connect }) => {
    const conn = await connect();
    assert.equal(await conn.read(new Uint8Array(1)), null);
    conn.close();
  });
});

Deno.test("netcat goes on, when a client disconnects in the middle of a line", async () => {
  const emit = collectingEmit();
  await withSource(emit, {}, async ({ connect, context }) => {
    const conn = await connect();
    await send(conn, "half a li");
    await until("the client", () => context.counters.get("OpenConnectionCount") === 1);
    conn.close();
    assert.equal(await exchange(await connect(), "a whole line\n"), "OK\n");
  });
  assert.deepEqual(emit.bodies(), ["a whole line"]);
});

Deno.test("netcat loses and repeats nothing, when ten clients send much at once", async () => {
  const counts = new Map<string, number>();
  let total = 0;
  const count = (batch: EventBatch) => {
    total += batch.size;
    const name = batch.text(0).split(" ")[0]!;
    counts.set(name, (counts.get(name) ?? 0) + batch.size);
    batch.lease?.release();
    return Promise.resolve();
  };
  const lines = (name: number) =>
    Array.from({ length: 20_000 }, (_, n) => `client${name} order ${n} shipped\n`).join("");
  await withSource(Object.assign(count, { ready: Promise.resolve() }), {}, async ({ connect }) => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, async (_, name) => exchange(await connect(), lines(name))),
    );
    for (const answer of answers) assert.equal(answer, "OK\n".repeat(20_000));
  });
  assert.equal(total, 200_000);
  assert.deepEqual(new Set(counts.values()), new Set([20_000]));
});

Deno.test("netcat names the port, when another program has it", async () => {
  await withSource(collectingEmit(), {}, async ({ context }) => {
    const port = context.counters.get("Port");
    const second = await netcat.create({ ...settings, port }, testContext());
    await assert.rejects(
      second.run(collectingEmit()),
      new RegExp(`127.0.0.1:${port}: another program has the port`),
    );
  });
});
