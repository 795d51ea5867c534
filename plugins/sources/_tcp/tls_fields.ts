import { bool, choice, type Config, list, path, secret } from "sluice/plugin";
import type { ServerIdentity } from "../../../protocols/tls.ts";
import { readIdentity } from "./identity.ts";

const NO_CHOICE = "TLS 1.2 and 1.3 with safe cipher suites are always offered, and nothing older";

/** The fields of every source that may speak TLS. */
export const tlsServerFields = {
  ssl: bool().default(false).describe("Speak TLS."),
  certFile: path({ access: "read" }).optional().describe("Certificate chain as PEM."),
  keyFile: path({ access: "read" }).optional().describe("Private key as PEM."),
  keystore: path({ access: "read" }).optional().describe(
    "Java key store with certificate and key, instead of PEM files; else FLUME_SSL_KEYSTORE_PATH names it.",
  ),
  "keystore-password": secret().optional().describe("Password of the key store."),
  "keystore-type": choice(["JKS", "PKCS12"], { ignored: "the format shows in the file" }).default("JKS")
    .describe("Format of the key store."),
  "exclude-protocols": list({ ignored: NO_CHOICE }).default(["SSLv3"]).describe("TLS versions to refuse."),
  "include-protocols": list({ ignored: NO_CHOICE }).default([]).describe("TLS versions to offer."),
  "exclude-cipher-suites": list({ ignored: NO_CHOICE }).default([]).describe("Cipher suites to refuse."),
  "include-cipher-suites": list({ ignored: NO_CHOICE }).default([]).describe("Cipher suites to offer."),
};

type TlsSettings = Pick<
  Config<typeof tlsServerFields>,
  "ssl" | "certFile" | "keyFile" | "keystore" | "keystore-password"
>;

/** What is wrong with these fields together, for a plugin's `check`. */
export function tlsComplaints({ certFile, keyFile }: Pick<TlsSettings, "certFile" | "keyFile">) {
  if ((certFile === undefined) === (keyFile === undefined)) return [];
  return [{ key: "certFile", text: "certFile and keyFile go together", fix: "set both" }];
}

/**
 * Certificate and key to listen with; nothing when TLS is off.
 * @throws {ConfigError} when TLS is on and there is no certificate.
 */
export async function tlsIdentity(settings: TlsSettings): Promise<ServerIdentity | undefined> {
  if (!settings.ssl) return undefined;
  return await readIdentity({ ...settings, password: settings["keystore-password"] });
}
