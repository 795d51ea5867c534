import { ConfigError } from "sluice/plugin";
import type { KafkaTls } from "../../protocols/kafka/client.ts";
import { readKeyStore, readTrustStore } from "../../protocols/tls.ts";
import { environment } from "../_tls/environment.ts";

/** What is written about TLS of one side; Java's names. */
export interface TlsSettings {
  readonly "security.protocol": string;
  readonly "ssl.truststore.location": string | undefined;
  readonly "ssl.truststore.password": string | undefined;
  readonly "ssl.truststore.certificates": string | undefined;
  readonly "ssl.keystore.location": string | undefined;
  readonly "ssl.keystore.password": string | undefined;
  readonly "ssl.key.password": string | undefined;
  readonly "ssl.keystore.certificate.chain": string | undefined;
  readonly "ssl.keystore.key": string | undefined;
  readonly "ssl.endpoint.identification.algorithm": string;
  readonly "ssl.disableTLSHostnameVerification": boolean;
}

type Identity = Pick<KafkaTls, "cert" | "key" | "passphrase">;

/**
 * Reads certificates and key; undefined where the connection is not encrypted.
 * @throws {ConfigError | Error} when a file cannot be read or holds something else.
 */
export async function readTls(settings: TlsSettings): Promise<KafkaTls | undefined> {
  if (!settings["security.protocol"].endsWith("SSL")) return undefined;
  const checksName = settings["ssl.endpoint.identification.algorithm"] !== "" &&
    !settings["ssl.disableTLSHostnameVerification"];
  return { checksName, authorities: await readAuthorities(settings), ...await readIdentity(settings) };
}

async function readAuthorities(settings: TlsSettings): Promise<readonly string[] | undefined> {
  const written = settings["ssl.truststore.certificates"];
  if (written !== undefined) return certificatesIn(written, "ssl.truststore.certificates");
  const path = settings["ssl.truststore.location"] ?? environment("FLUME_SSL_TRUSTSTORE_PATH");
  if (path === undefined) return undefined;
  const file = await Deno.readFile(path);
  const pem = pemText(file);
  if (pem !== undefined) return certificatesIn(pem, path);
  const password = settings["ssl.truststore.password"] ?? environment("FLUME_SSL_TRUSTSTORE_PASSWORD") ?? "";
  return await readTrustStore({ path, bytes: file, password });
}

async function readIdentity(settings: TlsSettings): Promise<Identity> {
  const { "ssl.keystore.certificate.chain": chain, "ssl.keystore.key": key } = settings;
  const passphrase = settings["ssl.key.password"];
  if (chain !== undefined && key !== undefined) {
    const [where, keyWhere] = ["ssl.keystore.certificate.chain", "ssl.keystore.key"];
    return { cert: certificatesIn(chain, where).join("\n"), key: keyIn(key, keyWhere), passphrase };
  }
  const path = settings["ssl.keystore.location"] ?? environment("FLUME_SSL_KEYSTORE_PATH");
  if (path === undefined) return {};
  const file = await Deno.readFile(path);
  const pem = pemText(file);
  if (pem !== undefined) {
    return { cert: certificatesIn(pem, path).join("\n"), key: keyIn(pem, path), passphrase };
  }
  const password = settings["ssl.keystore.password"] ?? environment("FLUME_SSL_KEYSTORE_PASSWORD") ?? "";
  return await readKeyStore({ path, bytes: file, password, keyPassword: passphrase });
}

/** A PEM file's text; undefined for a key store. */
function pemText(file: Uint8Array): string | undefined {
  const text = new TextDecoder("latin1").decode(file);
  return text.includes("-----BEGIN ") ? text : undefined;
}

const CERTIFICATES = /-----BEGIN (CERTIFICATE)-----([^-]+)-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN ((?:[A-Z]+ )*PRIVATE KEY)-----([\s\S]+?)-----END \1-----/;

function certificatesIn(text: string, where: string): readonly string[] {
  const found = Array.from(text.matchAll(CERTIFICATES), (match) => withLines(match));
  if (found.length > 0) return found;
  throw new ConfigError(`${where} holds no -----BEGIN CERTIFICATE-----: write certificates as PEM`);
}

function keyIn(text: string, where: string): string {
  const match = KEY.exec(text);
  if (match) return withLines(match);
  throw new ConfigError(`${where} holds no -----BEGIN PRIVATE KEY-----: write the key as PEM`);
}

/** In a properties file a PEM text is often one line; OpenSSL wants it in lines. */
function withLines([whole, label, body = ""]: readonly string[]): string {
  if (body.includes(":")) return whole!;
  const lines = body.replace(/\s+/g, "").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
