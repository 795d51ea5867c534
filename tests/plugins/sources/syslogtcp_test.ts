import assert from "node:assert/strict";
import syslogtcp from "../../../plugins/sources/syslogtcp.ts";
import { until } from "../../support/until.ts";
import { isClosed, type Listening, send, withListening } from "./_syslog/sending.ts";

const LOOPBACK = { host: "127.0.0.1", port: 0 };
const FIRST = "<34>1 2026-11-21T10:00:00.250+01:00 web-1 app 77 ID47 - paid";
const FIRST_HEADERS = {
  Facility: "4",
  Severity: "2",
  host: "web-1",
  priority: "34",
  timestamp: String(Date.parse("2026-11-21T10:00:00.250+01:00")),
  version: "1",
};

function withSource(settings: Record<string, unknown>, use: (listening: Listening) => Promise<void>) {
  return withListening(syslogtcp, { ...LOOPBACK, ...settings }, use);
}

Deno.test("syslogtcp turns lines into events with headers, keeps what is no syslog, and answers nothing", async () => {
  await withSource({}, async ({ run, connect, events }) => {
    using conn = await connect();
    await send(conn, `${FIRST}\nUse the BFG!\n\n<13>no head that anybody knows\n`);
    await run.untilSize(3);
    await conn.closeWrite();
    assert.ok(await isClosed(conn));
    assert.deepEqual(events(), [
      { headers: FIRST_HEADERS, body: "app 77 ID47 - paid" },
      { headers: { Facility: "0", Severity: "0", "flume.syslog.status": "Invalid" }, body: "Use the BFG!" },
      { headers: { Facility: "1", Severity: "5" }, body: "<13>no head that anybody knows" },
    ]);
  });
});

Deno.test("syslogtcp makes one value of a header that all events share, and none of one that no event has", async () => {
  await withSource({}, async ({ run, connect }) => {
    using conn = await connect();
    await send(conn, `${FIRST}\n`.repeat(3));
    await run.untilSize(3);
    const headers = Object.fromEntries(run.batches[0]!.headers);
    assert.deepEqual(headers, FIRST_HEADERS);
  });
});

Deno.test("syslogtcp takes octet counting where a connection begins with it, and newlines where another does not", async () => {
  await withSource({}, async ({ run, connect, events }) => {
    using counted = await connect();
    using lined = await connect();
    await send(counted, `${FIRST.length + 6} ${FIRST}\n  two`);
    await send(lined, `${FIRST}\n`);
    await run.untilSize(2);
    assert.deepEqual(events().map(({ body }) => body).sort(), [
      "app 77 ID47 - paid",
      "app 77 ID47 - paid\n  two",
    ]);
  });
});

Deno.test("syslogtcp closes a connection whose counting breaks off, and keeps what came before", async () => {
  await withSource({}, async ({ run, connect, events }) => {
    using conn = await connect();
    await send(conn, `${FIRST.length} ${FIRST}${FIRST}\n`);
    assert.ok(await isClosed(conn));
    assert.equal(events().length, 1);
    assert.equal(run.context.counters.get("EventReadFail"), 1);
    const line = run.context.lines.find(({ level }) => level === "warn");
    assert.match(String(line?.properties?.cause), /Expected the length of a frame .* not "<34>1 2026-11-21"/);
    assert.match(String(line?.properties?.remote), /^127\.0\.0\.1:\d+$/);
  });
});

for (
  const [what, sent, cause] of [
    [
      "an HTTP request",
      "GET /metrics HTTP/1.1\r\nHost: example.org\r\n\r\n",
      /HTTP request on a port for syslog/,
    ],
    ["a TLS client", "\x16\x03\x01\x02\x00\x01", /TLS client on a port without TLS/],
  ] as const
) {
  Deno.test(`syslogtcp closes the connection of ${what} with a line in the log, and serves the others`, async () => {
    await withSource({}, async ({ run, connect }) => {
      using stray = await connect();
      using conn = await connect();
      await send(stray, sent);
      assert.ok(await isClosed(stray));
      await send(conn, `${FIRST}\n`);
      await run.untilSize(1);
      assert.equal(run.context.counters.get("EventReadFail"), 1);
      const warnings = run.context.lines.filter(({ level }) => level === "warn");
      assert.equal(warnings.length, 1);
      assert.match(String(warnings[0]!.properties?.cause), cause);
    });
  });
}

Deno.test("syslogtcp takes HTTP in a line behind the first for what it is: a line", async () => {
  await withSource({}, async ({ run, connect }) => {
    using conn = await connect();
    await send(conn, `${FIRST}\nGET / HTTP/1.1\n`);
    assert.deepEqual(await run.untilSize(2), ["app 77 ID47 - paid", "GET / HTTP/1.1"]);
  });
});

Deno.test("syslogtcp keeps a line without its newline as incomplete, when the connection ends", async () => {
  await withSource({}, async ({ run, connect, events }) => {
    const conn = await connect();
    await send(conn, `${FIRST}\n${FIRST.slice(0, -2)}`);
    conn.close();
    await run.untilSize(2);
    assert.equal(events()[1]!.headers["flume.syslog.status"], "Incomplete");
    assert.equal(events()[1]!.body, "app 77 ID47 - pa");
  });
});

Deno.test("syslogtcp cuts what is longer than eventSize, in whatever pieces it comes", async () => {
  await withSource({ eventSize: 60 }, async ({ run, connect, events }) => {
    using conn = await connect();
    const line = `<13>Nov 21 10:00:00 web-1 ${"x".repeat(100)}`;
    for (const piece of line.match(/.{1,7}/g)!) await send(conn, piece);
    await send(conn, `\n<13>short\n`);
    const bodies = await run.untilSize(4);
    assert.deepEqual(bodies, [line.slice(26, 60), line.slice(60, 120), line.slice(120), "<13>short"]);
    const statuses = events().map(({ headers }) => headers["flume.syslog.status"]);
    assert.deepEqual(statuses, ["Incomplete", "Invalid", "Invalid", undefined]);
  });
});

Deno.test("syslogtcp names the sender by address and name, when headers are set for them", async () => {
  const settings = { clientIPHeader: "ip", clientHostnameHeader: "name" };
  await withSource(settings, async ({ run, connect }) => {
    using conn = await connect();
    await send(conn, `${FIRST}\n`);
    await run.untilSize(1);
    const { headers } = run.batches[0]!;
    assert.equal(headers.get("ip"), "127.0.0.1");
    assert.match(String(headers.get("name")), /^[\w.-]+$/);
  });
});

Deno.test("syslogtcp stops reading while the pipeline wants no more, and loses nothing", async () => {
  const unit = `${FIRST}\n`.repeat(1000);
  const units = 500;
  await withSource({}, async ({ run, connect }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    run.ready = promise;
    using conn = await connect();
    let [sent, before] = [0, -1];
    const sending = (async () => {
      for (; sent < units; sent++) await send(conn, unit);
    })();
    await until("the sender to be held back", () => {
      const isHeld = sent === before;
      before = sent;
      return isHeld && sent > 0;
    });
    assert.ok(sent < units, "all was read");
    assert.equal(run.size, 0);
    resolve();
    await sending;
    await run.untilSize(units * 1000);
  });
});

Deno.test("syslogtcp loses and repeats nothing, when eight senders send much at once in odd pieces", async () => {
  const each = 20_000;
  await withSource({}, async ({ run, connect }) => {
    const talk = async (sender: number) => {
      using conn = await connect();
      const lines = Array.from(
        { length: each },
        (_, n) => `<${n % 192}>1 ${new Date(n).toISOString()} h${n % 20} a - - - s${sender} n${n}\n`,
      );
      const bytes = new TextEncoder().encode(lines.join(""));
      const step = 10_007 + sender;
      for (let at = 0; at < bytes.length; at += step) {
        for (let rest = bytes.subarray(at, at + step); rest.length > 0;) {
          rest = rest.subarray(await conn.write(rest));
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, sender) => talk(sender)));
    await run.untilSize(8 * each);
    assert.equal(new Set(run.bodies()).size, 8 * each);
    for (const batch of run.batches) {
      for (let index = 0; index < batch.size; index += 997) {
        const n = Number(/n(\d+)$/.exec(batch.text(index))![1]);
        const found = ["priority", "timestamp", "host"].map((name) => batch.header(index, name));
        assert.deepEqual(found, [String(n % 192), String(n), `h${n % 20}`]);
      }
    }
  });
});

Deno.test("syslogtcp closes a sender, when it is silent for too long", async () => {
  await withSource({ idleTimeout: "20ms" }, async ({ connect }) => {
    using conn = await connect();
    assert.ok(await isClosed(conn));
  });
});

Deno.test("syslogtcp listens on IPv6 and IPv4 at once, and writes addresses as Java does", async () => {
  await withSource({ host: "::", clientIPHeader: "ip" }, async ({ run, port, connect }) => {
    using four = await connect();
    await send(four, `${FIRST}\n`);
    await run.untilSize(1);
    using six = await Deno.connect({ hostname: "::1", port });
    await send(six, `${FIRST}\n`);
    await run.untilSize(2);
    assert.deepEqual(run.batches.map(({ headers }) => headers.get("ip")), ["127.0.0.1", "0:0:0:0:0:0:0:1"]);
  });
});
