// Certificates as servers need them: PEM text. Java's key stores (JKS, PKCS12) are turned into it.
import { Buffer } from "node:buffer";

/** A certificate chain and its private key as PEM text. */
export interface ServerIdentity {
  readonly cert: string;
  readonly key: string;
}

/** A Java key store, read from its file. */
export interface KeyStoreFile {
  /** Where it was read, for errors. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly password: string;
  /** Of the private key, where it has one of its own. */
  readonly keyPassword?: string | undefined;
}

/**
 * Reads the first private key with its certificates from a Java key store. The format (JKS or PKCS12) shows in the
 * bytes, as it does to Java; the library is loaded on first use.
 * @throws {Error} when the password is wrong, the file is damaged, or it holds no private key.
 */
export async function readKeyStore(file: KeyStoreFile): Promise<ServerIdentity> {
  const entry = (await readEntries(file)).find(({ cert, key }) => cert && key);
  if (!entry) {
    throw new Error(`Key store ${file.path} holds no private key: add one with keytool -genkeypair`);
  }
  return { cert: entry.cert!, key: entry.key! };
}

/**
 * Reads the certificates of the authorities that a Java trust store (JKS or PKCS12) holds, as PEM texts.
 * @throws {Error} when the password is wrong, the file is damaged, or it holds no certificate.
 */
export async function readTrustStore(file: KeyStoreFile): Promise<string[]> {
  const found = (await readEntries(file)).map(({ ca, cert }) => ca ?? cert).filter((pem) =>
    pem !== undefined
  );
  if (found.length > 0) return found;
  throw new Error(`Trust store ${file.path} holds no certificate: add one with keytool -importcert`);
}

interface StoreEntry {
  readonly cert?: string;
  readonly key?: string;
  /** Set for certificates that are trusted, not owned. */
  readonly ca?: string;
}

async function readEntries(
  { path, bytes, password, keyPassword }: KeyStoreFile,
): Promise<readonly StoreEntry[]> {
  const { toPem } = (await import("jks-js")).default;
  try {
    return Object.values(toPem(Buffer.from(bytes), password, keyPassword) as Record<string, StoreEntry>);
  } catch (cause) {
    throw new Error(
      `Cannot read key store ${path}: check its password, and that it is a JKS or PKCS12 file`,
      { cause },
    );
  }
}

/** Says what is wrong with a pair of PEM texts, or nothing. */
export function findPemFault({ cert, key }: ServerIdentity): string | undefined {
  if (!/-----BEGIN CERTIFICATE-----/.test(cert)) {
    return "the certificate file holds no -----BEGIN CERTIFICATE-----";
  }
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(key)) {
    return "the key is encrypted: decrypt it with openssl pkey -in KEY -out PLAIN";
  }
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)
    ? undefined
    : "the key file holds no -----BEGIN PRIVATE KEY-----";
}
