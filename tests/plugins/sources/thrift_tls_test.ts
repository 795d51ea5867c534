import assert from "node:assert/strict";
import { type AnyPlugin, errorText, EventBatch, type Sink, z } from "sluice/plugin";
import thriftSink from "../../../plugins/sinks/thrift.ts";
import { readKeyStore } from "../../../protocols/tls.ts";
import { JKS_STORE, STORE_PASSWORD } from "../../protocols/key_stores.ts";
import { testContext } from "../../support/context.ts";
import { frame, headOf } from "../../support/thrift_wire.ts";
import { until } from "../../support/until.ts";
import { readToEnd, send, type ThriftRun, withThrift } from "./_thrift/client.ts";

const NEVER = new AbortController().signal;
const APPEND = frame(`${headOf("append")} 1c 1b00 1801 'a' 00 00`);

async function withTls(use: (running: ThriftRun, settings: Record<string, unknown>) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/keystore.jks`, JKS_STORE);
    const { cert } = await readKeyStore({ path: "keystore.jks", bytes: JKS_STORE, password: STORE_PASSWORD });
    await Deno.writeTextFile(`${folder}/ca.pem`, cert);
    const settings = { ssl: true, keystore: `${folder}/keystore.jks`, "keystore-password": STORE_PASSWORD };
    await withThrift(settings, (running) => use(running, { ssl: true, caFile: `${folder}/ca.pem` }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function sendBySink(run: ThriftRun["run"], settings: Record<string, unknown>): Promise<void> {
  const port = run.context.counters.get("Port");
  const config = z.strictObject(thriftSink.config).parse({ hostname: "127.0.0.1", port, ...settings });
  const sink = await (thriftSink as AnyPlugin).create(config, testContext()) as Sink;
  try {
    await sink.write(EventBatch.from([{ body: "over TLS" }]), NEVER);
  } finally {
    await sink.close?.();
  }
}

Deno.test("thrift source and sink speak TLS, when the certificate is trusted", async () => {
  await withTls(async ({ run }, trusting) => {
    await sendBySink(run, trusting);
    await sendBySink(run, { ssl: true, "trust-all-certs": true });
    assert.deepEqual(run.bodies(), ["over TLS", "over TLS"]);
  });
});

Deno.test("thrift sink does not send to a certificate that is not trusted", async () => {
  await withTls(async ({ run }) => {
    await assert.rejects(sendBySink(run, { ssl: true }), (cause) => {
      assert.match(
        errorText(cause),
        /Cannot connect to 127\.0\.0\.1:\d+: No TLS connection .* not trusted, add it .* certificate/,
      );
      return true;
    });
    assert.deepEqual(run.bodies(), []);
  });
});

Deno.test("thrift source says who did not get through the TLS handshake, when a plain client comes", async () => {
  await withTls(async ({ run, connect }) => {
    const conn = await connect();
    const answers = readToEnd(conn);
    await send(conn, APPEND);
    await answers;
    await until("the line in the log", () => run.context.lines.some(({ level }) => level === "warn"));
    const [line] = run.context.lines.filter(({ level }) => level === "warn");
    assert.match(line!.text, /^Closed a connection: 127\.0\.0\.1:\d+ did not get through the TLS handshake$/);
    assert.equal(run.context.counters.get("EventReadFail"), 1);
  });
});
