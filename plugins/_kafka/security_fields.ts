import { bool, choice, map, path, secret, text } from "sluice/plugin";

const SHOWS = { ignored: "the format shows in the file" };
const TLS_CHOICE = "TLS 1.2 and 1.3 with safe cipher suites are always offered, and nothing older";
const NO_CLASSES = "Java classes cannot be run here";
const NO_KERBEROS = "Kerberos is not spoken here";
const NO_TOKENS = "OAUTHBEARER is not spoken here";

const tls = {
  "ssl.truststore.location": path({ access: "read" }).optional().describe(
    "Accepted authorities or certificates: JKS, PKCS12 or PEM. Else FLUME_SSL_TRUSTSTORE_PATH names the file, else the system's authorities count.",
  ),
  "ssl.truststore.password": secret().optional().describe(
    "Password of the trust store; else FLUME_SSL_TRUSTSTORE_PASSWORD.",
  ),
  "ssl.truststore.certificates": text().optional().describe(
    "Accepted authorities or certificates, as PEM text.",
  ),
  "ssl.keystore.location": path({ access: "read" }).optional().describe(
    "Certificate and private key that the brokers ask for (mTLS): JKS, PKCS12 or PEM. Else FLUME_SSL_KEYSTORE_PATH.",
  ),
  "ssl.keystore.password": secret().optional().describe(
    "Password of the key store; else FLUME_SSL_KEYSTORE_PASSWORD.",
  ),
  "ssl.key.password": secret().optional().describe(
    "Password of the private key, where it has one of its own.",
  ),
  "ssl.keystore.certificate.chain": text().optional().describe(
    "The certificate with those above it, as PEM text.",
  ),
  "ssl.keystore.key": secret().optional().describe("Its private key, as PEM text."),
  "ssl.endpoint.identification.algorithm": text().default("https").describe(
    "`https`: the certificate must be for the broker's name. Empty: any name will do.",
  ),
  "ssl.disableTLSHostnameVerification": bool().default(false).describe(
    "Flume's switch for the same: `true` lets any name pass.",
  ),
};

const sasl = {
  "sasl.mechanism": text().optional().describe("PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."),
  "sasl.jaas.config": secret().optional().describe(
    'User name and password in Java\'s form: `…ScramLoginModule required username="alice" password="…";`.',
  ),
  "sasl.username": text().optional().describe("User name, instead of sasl.jaas.config."),
  "sasl.password": secret().optional().describe("Password, instead of sasl.jaas.config."),
};

const idle = {
  "ssl.truststore.type": text(SHOWS).default("JKS").describe("Format of the trust store."),
  "ssl.keystore.type": text(SHOWS).default("JKS").describe("Format of the key store."),
  "ssl.protocol": text({ ignored: TLS_CHOICE }).optional().describe("TLS version."),
  "ssl.enabled.protocols": text({ ignored: TLS_CHOICE }).optional().describe("TLS versions."),
  "ssl.cipher.suites": text({ ignored: TLS_CHOICE }).optional().describe("Cipher suites."),
  "ssl.provider": text({ ignored: NO_CLASSES }).optional().describe("Java's provider of TLS."),
  "ssl.keymanager.algorithm": text({ ignored: NO_CLASSES }).optional().describe("Java's algorithm."),
  "ssl.trustmanager.algorithm": text({ ignored: NO_CLASSES }).optional().describe("Java's algorithm."),
  "ssl.secure.random.implementation": text({ ignored: NO_CLASSES }).optional().describe("Java's randomness."),
  "ssl.engine.factory.class": text({ ignored: NO_CLASSES }).optional().describe("Java class."),
  "security.providers": text({ ignored: NO_CLASSES }).optional().describe("Java classes."),
  "sasl.client": map(secret(), { ignored: NO_CLASSES }).optional().describe("Java class of callbacks."),
  "sasl.login": map(secret(), { ignored: NO_TOKENS }).optional().describe("How logins are refreshed."),
  "sasl.kerberos": map(text(), { ignored: NO_KERBEROS }).optional().describe("Kerberos."),
  "sasl.oauthbearer": map(secret(), { ignored: NO_TOKENS }).optional().describe("OAuth."),
};

/** Encryption and authentication, with the names of Java's SslConfigs and SaslConfigs. */
export const securityFields = {
  "security.protocol": choice(["PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL", "SSL"]).default("PLAINTEXT")
    .describe(
      "Whether the connection is encrypted (SSL) and begins with a user name and password (SASL).",
    ),
  ...tls,
  ...sasl,
  ...idle,
};
