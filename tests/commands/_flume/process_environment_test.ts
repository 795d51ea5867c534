import assert from "node:assert/strict";
import { setEnvironment } from "../../../commands/_flume/process_environment.ts";

Deno.test("system properties for TLS come before the variables that flume-env.sh exports", () => {
  const names = ["FLUME_SSL_KEYSTORE_PATH", "FLUME_SSL_KEYSTORE_PASSWORD", "FLUME_SSL_TRUSTSTORE_PATH"];
  const before = names.map((name) => Deno.env.get(name));
  try {
    setEnvironment(
      { FLUME_SSL_KEYSTORE_PATH: "/exported.jks", FLUME_SSL_KEYSTORE_PASSWORD: "exported" },
      { "javax.net.ssl.keyStore": "/property.jks", "javax.net.ssl.trustStore": "/trust.jks" },
    );
    assert.deepEqual(names.map((name) => Deno.env.get(name)), ["/property.jks", "exported", "/trust.jks"]);
  } finally {
    for (const [index, name] of names.entries()) {
      if (before[index] === undefined) Deno.env.delete(name);
      else Deno.env.set(name, before[index]);
    }
  }
});
