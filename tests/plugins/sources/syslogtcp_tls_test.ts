import assert from "node:assert/strict";
import multiport from "../../../plugins/sources/multiport_syslogtcp.ts";
import syslogtcp from "../../../plugins/sources/syslogtcp.ts";
import { readKeyStore } from "../../../protocols/tls.ts";
import { JKS_STORE, STORE_PASSWORD } from "../../protocols/key_stores.ts";
import { isClosed, send, withListening } from "./_syslog/sending.ts";

const LINE = "<13>Nov 21 10:00:00 web-1 app: over TLS";

/** Runs a test with a key store in a file, and the certificate that clients must trust. */
async function withStore(
  use: (settings: Record<string, unknown>, cert: string) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, JKS_STORE);
    const { cert } = await readKeyStore({ path, bytes: JKS_STORE, password: STORE_PASSWORD });
    await use({ host: "127.0.0.1", ssl: true, keystore: path, "keystore-password": STORE_PASSWORD }, cert);
  } finally {
    await Deno.remove(path);
  }
}

for (const [plugin, ports] of [[syslogtcp, { port: 0 }], [multiport, { ports: "0" }]] as const) {
  Deno.test(`${plugin.name} speaks TLS, and closes a client that does not with a line in the log`, async () => {
    await withStore(async (settings, cert) => {
      await withListening(plugin, { ...settings, ...ports }, async ({ run, port, connect }) => {
        using plain = await connect();
        await send(plain, `${LINE}\n`);
        assert.ok(await isClosed(plain));
        using safe = await Deno.connectTls({ hostname: "localhost", port, caCerts: [cert] });
        await send(safe, `${LINE}\n`);
        assert.deepEqual(await run.untilSize(1), ["app: over TLS"]);
        assert.equal(run.context.counters.get("EventReadFail"), 1);
        assert.equal(run.context.lines.filter(({ level }) => level === "warn").length, 1);
      });
    });
  });
}
