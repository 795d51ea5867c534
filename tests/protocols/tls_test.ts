import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { findPemFault, readKeyStore, readTrustStore } from "../../protocols/tls.ts";
import {
  JKS_STORE,
  JKS_TRUST_STORE,
  PKCS12_STORE,
  PKCS12_TRUST_STORE,
  STORE_PASSWORD,
} from "./key_stores.ts";

for (const [format, bytes] of [["JKS", JKS_STORE], ["PKCS12", PKCS12_STORE]] as const) {
  Deno.test(`tls reads certificate and key of a ${format} store`, async () => {
    const { cert, key } = await readKeyStore({ path: "server.jks", bytes, password: STORE_PASSWORD });
    const certificate = new X509Certificate(cert);
    assert.match(certificate.subject, /CN=localhost/);
    assert.equal(createPrivateKey(key).asymmetricKeyType, "ec");
    assert.equal(findPemFault({ cert, key }), undefined);
  });

  Deno.test(`tls names the file, when the password of a ${format} store is wrong`, async () => {
    await assert.rejects(
      readKeyStore({ path: "/etc/pki/server.jks", bytes, password: "sesame" }),
      /Cannot read key store \/etc\/pki\/server.jks: check its password/,
    );
  });
}

for (const [format, bytes] of [["JKS", JKS_TRUST_STORE], ["PKCS12", PKCS12_TRUST_STORE]] as const) {
  Deno.test(`tls reads the certificates of a ${format} trust store`, async () => {
    const [pem, ...others] = await readTrustStore({ path: "trust.jks", bytes, password: STORE_PASSWORD });
    assert.equal(others.length, 0);
    assert.match(new X509Certificate(pem!).subject, /CN=localhost/);
  });
}

Deno.test("tls says what is wrong with PEM texts, when they are something else", () => {
  const cert = "-----BEGIN CERTIFICATE-----\n…";
  assert.match(findPemFault({ cert: "hello", key: "" })!, /no -----BEGIN CERTIFICATE-----/);
  assert.match(findPemFault({ cert, key: cert })!, /no -----BEGIN PRIVATE KEY-----/);
  assert.match(findPemFault({ cert, key: "-----BEGIN ENCRYPTED PRIVATE KEY-----" })!, /openssl pkey/);
});
