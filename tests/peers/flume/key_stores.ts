/** A server's key for 127.0.0.1, and the store that trusts it, as Java makes them. */
export interface KeyStores {
  readonly keyStore: string;
  readonly trustStore: string;
  /** Of both stores and the key. */
  readonly password: string;
}

/** Makes both with Java's own tool. */
export async function makeKeyStores(folder: string): Promise<KeyStores> {
  const password = "sluice-secret";
  const stores = { keyStore: `${folder}/server.jks`, trustStore: `${folder}/trust.jks`, password };
  const certificate = `${folder}/server.cer`;
  const pass = ["-storepass", password, "-alias", "server"];
  await keytool(
    "-genkeypair",
    "-keyalg",
    "RSA",
    "-keysize",
    "2048",
    "-validity",
    "30",
    "-dname",
    "CN=localhost",
    [
      "-ext",
      "san=ip:127.0.0.1,dns:localhost",
      "-storetype",
      "JKS",
      "-keypass",
      password,
      "-keystore",
      stores.keyStore,
      ...pass,
    ],
  );
  await keytool("-exportcert", "-file", certificate, "-keystore", stores.keyStore, pass);
  await keytool("-importcert", "-noprompt", "-file", certificate, [
    "-storetype",
    "JKS",
    "-keystore",
    stores.trustStore,
    ...pass,
  ]);
  return stores;
}

async function keytool(...args: (string | readonly string[])[]): Promise<void> {
  const { success, stdout } = await new Deno.Command("keytool", { args: args.flat(), stderr: "null" })
    .output();
  if (!success) throw new Error(`keytool failed: ${new TextDecoder().decode(stdout)}`);
}
