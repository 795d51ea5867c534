import { ConfigError } from "sluice/plugin";
import { findPemFault, readKeyStore, type ServerIdentity } from "../../../protocols/tls.ts";
import { environment } from "../../_tls/environment.ts";

/** Where certificate and key are to be found. */
export interface IdentityFiles {
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly keystore: string | undefined;
  readonly password: string | undefined;
}

/**
 * Reads certificate and key: from PEM files, from a key store, or from the key store that Flume's environment names.
 * @throws {ConfigError} when none is named or the files hold something else.
 */
export async function readIdentity(files: IdentityFiles): Promise<ServerIdentity> {
  if (files.certFile !== undefined && files.keyFile !== undefined) {
    const identity = {
      cert: await Deno.readTextFile(files.certFile),
      key: await Deno.readTextFile(files.keyFile),
    };
    const fault = findPemFault(identity);
    if (fault) throw new ConfigError(`Cannot use ${files.certFile} with ${files.keyFile}: ${fault}`);
    return identity;
  }
  const path = files.keystore ?? environment("FLUME_SSL_KEYSTORE_PATH");
  if (path === undefined) {
    throw new ConfigError("TLS is on without a certificate: set certFile and keyFile, or keystore");
  }
  const password = files.password ?? environment("FLUME_SSL_KEYSTORE_PASSWORD") ?? "";
  return await readKeyStore({ path, bytes: await Deno.readFile(path), password });
}
