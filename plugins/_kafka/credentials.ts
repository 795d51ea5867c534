import type { KafkaSasl } from "../../protocols/kafka/client.ts";

const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
/** The mechanisms that a login module of Java serves. */
const MODULES: Readonly<Record<string, RegExp>> = {
  PlainLoginModule: /^PLAIN$/,
  ScramLoginModule: /^SCRAM-SHA-(256|512)$/,
};

/** What is written about the user of one side. */
export interface CredentialSettings {
  readonly "security.protocol": string;
  readonly "sasl.mechanism": string | undefined;
  readonly "sasl.jaas.config": string | undefined;
  readonly "sasl.username": string | undefined;
  readonly "sasl.password": string | undefined;
}

/** Something about credentials that cannot work. */
export interface CredentialFault {
  readonly key: keyof CredentialSettings;
  readonly text: string;
  readonly fix: string;
}

/** The user of one side; undefined where the protocol asks for none. */
export function readCredentials(settings: CredentialSettings): KafkaSasl | CredentialFault | undefined {
  if (!settings["security.protocol"].startsWith("SASL")) return undefined;
  const wanted = settings["sasl.mechanism"]?.toUpperCase();
  const mechanism = MECHANISMS.find((known) => known === wanted);
  if (mechanism === undefined) return oddMechanism(wanted);
  const login = settings["sasl.jaas.config"] === undefined
    ? { username: settings["sasl.username"], password: settings["sasl.password"] }
    : parseJaas(settings["sasl.jaas.config"], mechanism);
  if ("key" in login) return login;
  const { username, password } = login;
  if (username !== undefined && password !== undefined) return { mechanism, username, password };
  return {
    key: settings["sasl.jaas.config"] === undefined ? "sasl.mechanism" : "sasl.jaas.config",
    text: `${mechanism} needs a user name and a password`,
    fix: "write sasl.username and sasl.password, or both into sasl.jaas.config",
  };
}

function oddMechanism(wanted: string | undefined): CredentialFault {
  const fix = `write ${MECHANISMS.join(", ")}`;
  if (wanted === undefined) {
    const text = "no SASL mechanism is chosen, and Java's own choice, GSSAPI (Kerberos), is not spoken here";
    return { key: "security.protocol", text, fix: `${fix} for sasl.mechanism` };
  }
  const reasons: Readonly<Record<string, string>> = {
    GSSAPI: ": Kerberos is not there; ask for a SCRAM user or a client certificate (security.protocol SSL)",
    OAUTHBEARER:
      ": OAuth tokens are not there; ask for a SCRAM user or a client certificate (security.protocol SSL)",
  };
  const text = `SASL mechanism "${wanted}" is not spoken here${reasons[wanted] ?? ""}`;
  return { key: "sasl.mechanism", text, fix };
}

type Login = { readonly username: string | undefined; readonly password: string | undefined };

/**
 * Reads one entry of Java's login configuration: `class flag name="value" …;` (javax.security.auth.login.Configuration).
 * Its text may hold a password, so no complaint quotes it.
 */
function parseJaas(text: string, mechanism: string): Login | CredentialFault {
  const [, className = "", options = ""] =
    /^\s*([\w.$]+)\s+(?:required|requisite|sufficient|optional)\b([\s\S]*)$/i
      .exec(text) ?? [];
  const served = MODULES[className.slice(className.lastIndexOf(".") + 1)];
  const fault = (text: string) => ({
    key: "sasl.jaas.config" as const,
    text,
    fix: `write org.apache.kafka.common.security.${
      mechanism === "PLAIN" ? "plain.PlainLoginModule" : "scram.ScramLoginModule"
    } required username="NAME" password="…"; or use sasl.username and sasl.password instead`,
  });
  if (className === "") return fault("sasl.jaas.config is not in Java's form");
  if (!served) return fault(`login module ${className} cannot be run here`);
  if (!served.test(mechanism)) return fault(`login module ${className} does not serve ${mechanism}`);
  const found = readOptions(options);
  if (!found) return fault("the options in sasl.jaas.config are not in Java's form");
  if (found.get("tokenauth") === "true") return fault("delegation tokens (tokenauth) are not there");
  return { username: found.get("username"), password: found.get("password") };
}

const OPTION = /\s*([\w.\-]+)\s*=\s*(?:"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|([^\s;"']+))/y;

function readOptions(text: string): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>();
  let at = 0;
  for (OPTION.lastIndex = 0;; at = OPTION.lastIndex) {
    const match = OPTION.exec(text);
    if (!match) break;
    const [, name, doubled, single, bare] = match;
    found.set(name!, bare ?? (doubled ?? single)!.replace(/\\([\s\S])/g, "$1"));
  }
  return /^[\s;]*$/.test(text.slice(at)) ? found : undefined;
}
