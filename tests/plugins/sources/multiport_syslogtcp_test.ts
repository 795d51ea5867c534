import assert from "node:assert/strict";
import multiport from "../../../plugins/sources/multiport_syslogtcp.ts";
import { runSource } from "../../support/run_source.ts";
import { until } from "../../support/until.ts";
import { eventsOf, latin1 } from "./_syslog/golden.ts";
import { isClosed, send, withListening } from "./_syslog/sending.ts";

const LINE = "<13>1 2026-11-21T10:00:00.5Z web-1 app - - - hello";

function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const ports = listeners.map(({ addr }) => (addr as Deno.NetAddr).port);
  for (const listener of listeners) listener.close();
  return ports;
}

async function connectTo(port: number): Promise<Deno.TcpConn> {
  let conn: Deno.TcpConn | undefined;
  await until(`port ${port} to be served`, async () => {
    conn = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
    return conn !== undefined;
  });
  return conn!;
}

Deno.test("multiport_syslogtcp tells ports apart by a header, and reads each in its charset", async () => {
  const [utf8, latin] = freePorts(2);
  const run = runSource(multiport, {
    host: "127.0.0.1",
    ports: `${utf8} ${latin}`,
    portHeader: "port",
    "charset.port": { [`${latin}`]: "ISO-8859-1" },
  });
  try {
    for (const port of [utf8!, latin!]) {
      using conn = await connectTo(port);
      const before = run.size;
      await conn.write(latin1("<13>Nov 21 10:00:00 k\xf6ln gr\xfc\xdfe\n"));
      await until("the event", () => run.size > before);
    }
    const [first, second] = run.batches.flatMap(eventsOf);
    assert.deepEqual(first, {
      headers: { "flume.syslog.status": "Invalid", port: `${utf8}` },
      body: "<13>Nov 21 10:00:00 k\xf6ln gr\xfc\xdfe",
    });
    assert.equal(second!.headers.host, "köln");
    assert.equal(second!.headers.port, `${latin}`);
    assert.equal(second!.body, "gr\xfc\xdfe");
  } finally {
    await run.stop();
  }
});

Deno.test("multiport_syslogtcp names its headers as Flume does", async () => {
  const settings = { host: "127.0.0.1", ports: "0", clientIPHeader: "ip" };
  await withListening(multiport, settings, async ({ run, connect, events }) => {
    using conn = await connect();
    await send(conn, `${LINE}\nno syslog\n`);
    await run.untilSize(2);
    assert.deepEqual(events(), [
      {
        headers: {
          Facility: "1",
          Priority: "13",
          Severity: "5",
          Version: "1",
          host: "web-1",
          ip: "127.0.0.1",
          timestamp: String(Date.parse("2026-11-21T10:00:00.500Z")),
        },
        body: "app - - - hello",
      },
      { headers: { "flume.syslog.status": "Invalid", ip: "127.0.0.1" }, body: "no syslog" },
    ]);
  });
});

Deno.test("multiport_syslogtcp serves the other ports while one is taken, and that one once it is free", async () => {
  const [free, taken] = freePorts(2);
  const other = Deno.listen({ hostname: "127.0.0.1", port: taken! });
  const run = runSource(multiport, { host: "127.0.0.1", ports: [taken, free] });
  try {
    using conn = await connectTo(free!);
    await send(conn, `${LINE}\n`);
    await run.untilSize(1);
    await until("a line in the log", () => run.context.lines.some(({ level }) => level === "error"));
    const line = run.context.lines.find(({ level }) => level === "error")!;
    assert.match(
      String(line.properties?.cause),
      new RegExp(`127.0.0.1:${taken}: another program has the port`),
    );
    other.close();
    using late = await connectTo(taken!);
    await send(late, `${LINE}\n`);
    await run.untilSize(2);
    assert.equal(run.context.counters.get("OpenConnectionCount"), 2);
  } finally {
    await run.stop();
  }
  assert.equal(run.context.counters.get("OpenConnectionCount"), 0);
});

Deno.test("multiport_syslogtcp gives up, when no port can be had", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr as Deno.NetAddr;
  const run = runSource(multiport, { host: "127.0.0.1", ports: `${port}` });
  await assert.rejects(run.ended, /another program has the port/);
});

Deno.test("multiport_syslogtcp refuses senders over the limit of a port", async () => {
  const settings = { host: "127.0.0.1", ports: "0", maxConnections: 1 };
  await withListening(multiport, settings, async ({ run, connect }) => {
    using first = await connect();
    await until("the first", () => run.context.counters.get("OpenConnectionCount") === 1);
    using second = await connect();
    assert.ok(await isClosed(second));
    await send(first, `${LINE}\n`);
    await run.untilSize(1);
  });
});

for (
  const [settings, complaint] of [
    [{ ports: ["514", "70000"] }, '"70000" is no port'],
    [{ ports: ["514", "514"] }, "port 514 is named twice"],
    [{ ports: [] }, "no port is named"],
    [{ "charset.default": "klingon" }, 'charset "klingon" cannot be used'],
    [{ "charset.port": { 514: "utf-16le" } }, "a newline is not one byte"],
    [{ keepFields: ["hostnam"] }, '"hostnam" is no part of the head'],
  ] as const
) {
  Deno.test(`multiport_syslogtcp complains: ${complaint}`, () => {
    const usual = { ports: ["514"], "charset.default": "UTF-8", "charset.port": {}, keepFields: ["none"] };
    const complaints = multiport.check!(
      { ...usual, ...settings } as unknown as Parameters<typeof multiport.check & object>[0],
    );
    assert.equal(complaints.length, 1);
    assert.ok(complaints[0]!.text.includes(complaint), complaints[0]!.text);
  });
}
