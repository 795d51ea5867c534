import assert from "node:assert/strict";
import { join } from "node:path";
import { type AnyPlugin, type Context, errorText, EventBatch, type Sink, z } from "sluice/plugin";
import avro from "../../../plugins/sinks/avro.ts";
import { readKeyStore } from "../../../protocols/tls.ts";
import { JKS_STORE, JKS_TRUST_STORE, PKCS12_STORE, STORE_PASSWORD } from "../../protocols/key_stores.ts";
import { testContext } from "../../support/context.ts";
import { withAvroSource } from "../sources/_avro/running.ts";
import { COLLECTOR_STORE, TRUSTS_JKS_STORE } from "./_rpc/trust_stores.ts";

const NEVER = new AbortController().signal;
const BATCH = EventBatch.from([{ headers: { from: "s1" }, body: "secret" }]);

/** Key and trust stores of the test in a folder. */
async function withStores(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const stores = { JKS_STORE, PKCS12_STORE, COLLECTOR_STORE, TRUSTS_JKS_STORE, JKS_TRUST_STORE };
    for (const [name, bytes] of Object.entries(stores)) {
      await Deno.writeFile(join(folder, name), bytes);
      if (!name.endsWith("STORE") || name.includes("TRUST")) continue;
      const { cert } = await readKeyStore({ path: name, bytes, password: STORE_PASSWORD });
      await Deno.writeTextFile(join(folder, `${name}.pem`), `Comments are ignored.\n${cert}\n`);
    }
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface Meeting {
  readonly keystore: string;
  /** Paths are those of the folder. */
  readonly sink: Record<string, unknown>;
  readonly source?: Record<string, unknown>;
  readonly context?: Context;
}

/** Sends one event from a sink to a source that both speak TLS. */
async function meet(
  { keystore, sink: settings, source, context = testContext() }: Meeting,
): Promise<readonly string[]> {
  let result: readonly string[] = [];
  await withStores(async (folder) => {
    const server = {
      ssl: true,
      keystore: join(folder, keystore),
      "keystore-password": STORE_PASSWORD,
      ...source,
    };
    await withAvroSource(server, async ({ run, port }) => {
      const inFolder = Object.entries(settings).map(([key, value]) =>
        [key, key === "truststore" || key === "caFile" ? join(folder, String(value)) : value] as const
      );
      const config = z.strictObject(avro.config)
        .parse({ hostname: "127.0.0.1", port, ssl: true, ...Object.fromEntries(inFolder) });
      const sink = await (avro as AnyPlugin).create(config, context) as Sink;
      try {
        await sink.write(BATCH, NEVER);
      } finally {
        await sink.close?.();
      }
      result = run.bodies();
    });
  });
  return result;
}

const PASSWORD = { "truststore-password": STORE_PASSWORD };

Deno.test("avro sends over TLS to a source whose certificate is in the trust store", async () => {
  const sink = { truststore: "TRUSTS_JKS_STORE", ...PASSWORD };
  assert.deepEqual(await meet({ keystore: "JKS_STORE", sink }), ["secret"]);
});

Deno.test("avro sends over TLS and deflate together", async () => {
  const sink = { caFile: "PKCS12_STORE.pem", "compression-type": "deflate" };
  const source = { "compression-type": "deflate" };
  assert.deepEqual(await meet({ keystore: "PKCS12_STORE", sink, source }), ["secret"]);
});

Deno.test("avro takes any certificate with trust-all-certs", async () => {
  assert.deepEqual(await meet({ keystore: "COLLECTOR_STORE", sink: { "trust-all-certs": true } }), [
    "secret",
  ]);
});

Deno.test("avro does not look at the certificate's name with a trust store, as in Flume, unless it is asked to", async () => {
  const sink = { caFile: "COLLECTOR_STORE.pem" };
  assert.deepEqual(await meet({ keystore: "COLLECTOR_STORE", sink }), ["secret"]);
  await assert.rejects(
    meet({ keystore: "COLLECTOR_STORE", sink: { ...sink, checkHostname: true } }),
    (fault) => {
      assert.match(errorText(fault), /Cannot connect to 127\.0\.0\.1:\d+: .*127\.0\.0\.1/);
      return true;
    },
  );
});

for (
  const [what, sink] of Object.entries({
    "a trust store of others": { truststore: "JKS_TRUST_STORE", ...PASSWORD },
    "the system's authorities": {},
  })
) {
  Deno.test(`avro does not trust a certificate that ${what} does not cover`, async () => {
    const context = testContext();
    await assert.rejects(meet({ keystore: "JKS_STORE", sink, context }), (fault) => {
      assert.match(
        errorText(fault),
        /No TLS connection to 127\.0\.0\.1:\d+ \(where the certificate is not trusted, add it or its authority\): ./,
      );
      return true;
    });
    assert.equal(context.counters.get("ConnectionFailedCount"), 1);
  });
}

Deno.test("avro with TLS gives up on a source without", async () => {
  await withAvroSource({}, async ({ port }) => {
    const config = z.strictObject(avro.config)
      .parse({ hostname: "127.0.0.1", port, ssl: true, "trust-all-certs": true, "connect-timeout": 1000 });
    const sink = await (avro as AnyPlugin).create(config, testContext()) as Sink;
    await assert.rejects(async () => await sink.write(BATCH, NEVER), { name: "DeliveryError" });
  });
});

Deno.test("avro says which trust store it cannot read", async () => {
  await assert.rejects(meet({ keystore: "JKS_STORE", sink: { caFile: "JKS_STORE" } }), (fault) => {
    assert.match(
      errorText(fault),
      /JKS_STORE holds no -----BEGIN CERTIFICATE-----: name a PEM file in caFile/,
    );
    return true;
  });
});
