import { bool, choice, type Config, list, path, secret } from "sluice/plugin";
import type { TlsTarget } from "../../protocols/tcp_client.ts";
import { readTrustStore } from "../../protocols/tls.ts";
import { environment } from "../_tls/environment.ts";

const NO_CHOICE = "TLS 1.2 and 1.3 with safe cipher suites are always offered, and nothing older";

/** The fields of every sink that may speak TLS to its next hop. */
export const tlsClientFields = {
  ssl: bool().default(false).describe("Speak TLS."),
  "trust-all-certs": bool().default(false).describe(
    "Accept any certificate: whoever can redirect the connection then reads the events.",
  ),
  truststore: path({ access: "read" }).optional().describe(
    "Java trust store (JKS or PKCS12) with the accepted authorities or certificates; else FLUME_SSL_TRUSTSTORE_PATH names it, else the system's authorities count.",
  ),
  "truststore-password": secret().optional().describe(
    "Password of the trust store; else FLUME_SSL_TRUSTSTORE_PASSWORD.",
  ),
  "truststore-type": choice(["JKS", "PKCS12"], { ignored: "the format shows in the file" }).default("JKS")
    .describe("Format of the trust store."),
  caFile: path({ access: "read" }).optional().describe(
    "Accepted authorities or certificates as PEM, instead of a trust store.",
  ),
  checkHostname: bool().optional().describe(
    "The certificate must be for `hostname`. Without this it must where the system's authorities count; with a trust store " +
      "or caFile it need not, as in Flume, which never looks.",
  ),
  "exclude-protocols": list({ ignored: NO_CHOICE }).default(["SSLv3"]).describe("TLS versions to refuse."),
  "include-protocols": list({ ignored: NO_CHOICE }).default([]).describe("TLS versions to offer."),
  "exclude-cipher-suites": list({ ignored: NO_CHOICE }).default([]).describe("Cipher suites to refuse."),
  "include-cipher-suites": list({ ignored: NO_CHOICE }).default([]).describe("Cipher suites to offer."),
};

type TlsSettings = Pick<
  Config<typeof tlsClientFields>,
  "ssl" | "trust-all-certs" | "truststore" | "truststore-password" | "caFile" | "checkHostname"
>;

/**
 * Whom to trust when connecting; nothing when TLS is off.
 * @throws {Error} when the trust store or PEM file cannot be read.
 */
export async function tlsTarget(settings: TlsSettings): Promise<TlsTarget | undefined> {
  if (!settings.ssl) return undefined;
  if (settings["trust-all-certs"]) return { trustsAll: true, checksName: false };
  const authorities = await readAuthorities(settings);
  return {
    trustsAll: false,
    checksName: settings.checkHostname ?? authorities === undefined,
    ...authorities && { authorities },
  };
}

async function readAuthorities(settings: TlsSettings): Promise<readonly string[] | undefined> {
  if (settings.caFile !== undefined) {
    return splitPem(settings.caFile, await Deno.readTextFile(settings.caFile));
  }
  const path = settings.truststore ?? environment("FLUME_SSL_TRUSTSTORE_PATH");
  if (path === undefined) return undefined;
  const password = settings["truststore-password"] ?? environment("FLUME_SSL_TRUSTSTORE_PASSWORD") ?? "";
  return await readTrustStore({ path, bytes: await Deno.readFile(path), password });
}

function splitPem(path: string, text: string): readonly string[] {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (!found) throw new Error(`${path} holds no -----BEGIN CERTIFICATE-----: name a PEM file in caFile`);
  return found;
}
