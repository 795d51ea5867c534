/** Java's system properties for TLS, and the variables that say the same where a property does not. */
const TLS_VARIABLES: Readonly<Record<string, string>> = {
  "javax.net.ssl.keyStore": "FLUME_SSL_KEYSTORE_PATH",
  "javax.net.ssl.keyStorePassword": "FLUME_SSL_KEYSTORE_PASSWORD",
  "javax.net.ssl.keyStoreType": "FLUME_SSL_KEYSTORE_TYPE",
  "javax.net.ssl.trustStore": "FLUME_SSL_TRUSTSTORE_PATH",
  "javax.net.ssl.trustStorePassword": "FLUME_SSL_TRUSTSTORE_PASSWORD",
  "javax.net.ssl.trustStoreType": "FLUME_SSL_TRUSTSTORE_TYPE",
};

/**
 * Gives this process the variables that `flume-env.sh` exports, and those in whose place a system property was written;
 * components, and what they start, find them there.
 */
export function setEnvironment(
  exported: Readonly<Record<string, string>>,
  properties: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(exported)) Deno.env.set(name, value);
  for (const [property, name] of Object.entries(TLS_VARIABLES)) {
    const value = properties[property];
    if (value !== undefined) Deno.env.set(name, value);
  }
}
