import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import syslogudp from "../../../plugins/sources/syslogudp.ts";
import { runSource } from "../../support/run_source.ts";
import { until } from "../../support/until.ts";
import { type Listening, withListening } from "./_syslog/sending.ts";

const LINE = "<34>1 2026-11-21T10:00:00Z web-1 app 77 ID47 - paid";

function withSource(
  settings: Record<string, unknown>,
  use: (listening: Listening, sendTo: (text: string, host?: string) => Promise<void>) => Promise<void>,
) {
  return withListening(syslogudp, { host: "127.0.0.1", port: 0, ...settings }, async (listening) => {
    const sockets = { "127.0.0.1": createSocket("udp4"), "::1": createSocket("udp6") };
    const sendTo = (text: string, host: string = "127.0.0.1") =>
      new Promise<void>((sent, failed) => {
        const socket = sockets[host as keyof typeof sockets];
        socket.send(Buffer.from(text), listening.port, host, (error) => error ? failed(error) : sent());
      });
    try {
      await use(listening, sendTo);
    } finally {
      for (const socket of Object.values(sockets)) {
        await new Promise<void>((closed) => socket.close(() => closed()));
      }
    }
  });
}

Deno.test("syslogudp makes an event of each datagram, with or without a newline", async () => {
  await withSource({}, async ({ run, events }, sendTo) => {
    for (const text of [LINE, `${LINE}\n`, "Use the BFG!", "\n\n<13>\nsecond line"]) await sendTo(text);
    await run.untilSize(4);
    assert.deepEqual(events().map(({ body }) => body), [
      "app 77 ID47 - paid",
      "app 77 ID47 - paid",
      "Use the BFG!",
      "<13>",
    ]);
    assert.deepEqual(events()[0]!.headers, {
      Facility: "4",
      Severity: "2",
      host: "web-1",
      priority: "34",
      timestamp: String(Date.parse("2026-11-21T10:00:00Z")),
      version: "1",
    });
    assert.equal(events()[2]!.headers["flume.syslog.status"], "Invalid");
  });
});

Deno.test("syslogudp takes datagrams whole that Flume would cut, and counts empty ones", async () => {
  await withSource({}, async ({ run }, sendTo) => {
    const text = `<13>Nov 21 10:00:00 web-1 ${"x".repeat(8000)}`;
    for (const each of ["", "\n", text]) await sendTo(each);
    assert.deepEqual(await run.untilSize(1), [text.slice(26)]);
    assert.equal(run.context.counters.get("EventReadFail"), 2);
  });
});

Deno.test("syslogudp names the sender of each datagram, on IPv4 and IPv6", async () => {
  const settings = { host: "::", clientIPHeader: "ip", clientHostnameHeader: "name" };
  await withSource(settings, async ({ run }, sendTo) => {
    await sendTo(LINE);
    await run.untilSize(1);
    await sendTo(LINE, "::1");
    await run.untilSize(2);
    assert.deepEqual(run.batches.map((batch) => batch.header(0, "ip")), ["127.0.0.1", "0:0:0:0:0:0:0:1"]);
    for (const batch of run.batches) assert.match(batch.header(0, "name") ?? "", /^[\w.:-]+$/);
  });
});

Deno.test("syslogudp keeps the fields of the head that it is told to keep", async () => {
  await withSource({ keepFields: "priority hostname" }, async ({ run }, sendTo) => {
    await sendTo(LINE);
    assert.deepEqual(await run.untilSize(1), ["<34>web-1 app 77 ID47 - paid"]);
  });
});

Deno.test("syslogudp holds datagrams while the pipeline wants no more, and counts what it has no room for", async () => {
  await withSource({ bufferBytes: 65_536 }, async ({ run }, sendTo) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    run.ready = promise;
    const lost = () => run.context.counters.get("EventLostCount");
    for (let n = 0; lost() === 0 && n < 1000; n++) await sendTo(`<13>${n} ${"x".repeat(8000)}`);
    await until("datagrams to be lost", () => lost() > 0);
    assert.equal(run.size, 0);
    resolve();
    await until("what was held", () => run.size > 0);
    assert.ok(run.size <= 8, `${run.size} datagrams of 8,000 bytes fit into 64 KiB`);
    assert.match(run.bodies()[0]!, /^<13>0 /);
  });
});

Deno.test("syslogudp names the port, when another socket has it", async () => {
  await withSource({}, async ({ port }) => {
    const second = runSource(syslogudp, { host: "127.0.0.1", port });
    await assert.rejects(second.ended, new RegExp(`UDP 127.0.0.1:${port}.*another program has the port`));
  });
});
