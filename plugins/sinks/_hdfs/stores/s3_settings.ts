import { bool, choice, ConfigError, type Context, meta, secret, text, url } from "sluice/plugin";
import { type S3Checksum, S3Client } from "../../../../protocols/s3/s3_client.ts";
import type { S3Options } from "../../../../protocols/s3/s3_requests.ts";
import { S3Store } from "./s3_store.ts";

/** The fields for targets in a bucket; where one is absent, AWS's own variable is read. */
export const s3Fields = {
  "s3.endpoint": meta(url(["https", "http"]), { type: "URL" }).optional().describe(
    "Server of s3:// targets; else AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, else Amazon's of the region.",
  ),
  "s3.region": text().optional().describe(
    "Region of the bucket; else AWS_REGION or AWS_DEFAULT_REGION; us-east-1 for an endpoint of one's own.",
  ),
  "s3.accessKeyId": text().optional().describe(
    "Who writes; else AWS_ACCESS_KEY_ID. Roles of machines and web identities are not asked for.",
  ),
  "s3.secretAccessKey": secret().optional().describe("Its secret; else AWS_SECRET_ACCESS_KEY."),
  "s3.sessionToken": secret().optional().describe("Of temporary credentials; else AWS_SESSION_TOKEN."),
  "s3.pathStyle": bool().optional().describe(
    "The bucket stands in the path instead of the host's name; unless said, it does for an endpoint of one's own, and for names with a dot.",
  ),
  "s3.checksum": choice(["none", "crc32", "md5"]).default("none").describe(
    "A checksum beside the SHA-256 that each request has, for buckets that demand one, such as those with Object Lock.",
  ),
};

/** The fields' values. */
export interface S3Settings {
  readonly "s3.endpoint"?: string | undefined;
  readonly "s3.region"?: string | undefined;
  readonly "s3.accessKeyId"?: string | undefined;
  readonly "s3.secretAccessKey"?: string | undefined;
  readonly "s3.sessionToken"?: string | undefined;
  readonly "s3.pathStyle"?: boolean | undefined;
  readonly "s3.checksum": S3Checksum;
}

/** The variables that stand in for fields; a sandbox lets them be read. */
export const S3_VARIABLES: readonly string[] = [
  "AWS_ENDPOINT_URL_S3",
  "AWS_ENDPOINT_URL",
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
];

type Place = Pick<S3Options, "endpoint" | "region" | "bucket" | "isPathStyle">;
type Environment = (name: string) => string | undefined;

/** Where a bucket is. @throws {ConfigError} when nothing says in which region. */
export function placeOfBucket(
  bucket: string,
  settings: S3Settings,
  environment: Environment = Deno.env.get,
): Place & { host: string } {
  const own = settings["s3.endpoint"] ??
    (environment("AWS_ENDPOINT_URL_S3") || environment("AWS_ENDPOINT_URL") || undefined);
  const region = settings["s3.region"] ??
    (environment("AWS_REGION") || environment("AWS_DEFAULT_REGION") || own && "us-east-1");
  if (!region || !/^[\w-]{1,40}$/.test(region)) {
    const what = region ? `"${region}" is no region` : `Nothing says in which region bucket "${bucket}" is`;
    throw new ConfigError(`${what}: write s3.region, such as eu-central-1`);
  }
  const endpoint = own ?? `https://s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
  const isPathStyle = settings["s3.pathStyle"] ?? (own !== undefined || bucket.includes("."));
  const { host, protocol, port } = new URL(endpoint);
  const address = port === "" ? `${host}:${protocol === "https:" ? 443 : 80}` : host;
  return { endpoint, region, bucket, isPathStyle, host: isPathStyle ? address : `${bucket}.${address}` };
}

/** A bucket, with the limit on a request's time, and certificates (PEM) of authorities that the system does not know. */
export interface S3Target {
  readonly bucket: string;
  /** In front of each key, without a slash at its end. */
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly caCerts?: readonly string[] | undefined;
}

/** Opens a bucket; nothing is asked of it before something is put. @throws {ConfigError} */
export function openS3Store(
  { bucket, prefix, timeoutMs, caCerts }: S3Target,
  settings: S3Settings,
  { stateDir, log }: Pick<Context, "stateDir" | "log">,
): S3Store {
  const { host: _, ...place } = placeOfBucket(bucket, settings);
  const credentials = readCredentials(settings, Deno.env.get);
  const http = Deno.createHttpClient({ ...caCerts && { caCerts: [...caCerts] } });
  try {
    const client = new S3Client({
      ...place,
      credentials,
      timeoutMs,
      checksum: settings["s3.checksum"],
      fetch: (url, init) => fetch(url, { ...init, client: http }),
    });
    Deno.mkdirSync(stateDir, { recursive: true });
    const notesPath = `${stateDir}/s3_uploads.json`;
    return new S3Store({ client, prefix, notesPath, log, onClose: () => http.close() });
  } catch (cause) {
    http.close();
    throw cause instanceof RangeError ? new ConfigError(cause.message) : cause;
  }
}

/** Which credential neither a field nor a variable of this process gives. */
export function missingCredential(
  settings: S3Settings,
  environment: Environment = Deno.env.get,
): { readonly text: string; readonly fix: string } | undefined {
  try {
    readCredentials(settings, environment);
  } catch (cause) {
    // A sandbox that does not grant the variables will say so at the start.
    if (cause instanceof Deno.errors.NotCapable) return undefined;
    if (!(cause instanceof ConfigError)) throw cause;
    const [text = "", fix = ""] = cause.message.split(": ");
    return { text, fix };
  }
}

/** All from the fields, or all from the variables: a key and the secret of another one help nobody. */
function readCredentials(settings: S3Settings, environment: Environment): S3Options["credentials"] {
  const isOwn = settings["s3.accessKeyId"] !== undefined || settings["s3.secretAccessKey"] !== undefined;
  const [accessKeyId, secretAccessKey, sessionToken] = isOwn
    ? [settings["s3.accessKeyId"], settings["s3.secretAccessKey"], settings["s3.sessionToken"]]
    : ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map((name) =>
      environment(name) || undefined
    );
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey, sessionToken };
  if (isOwn) {
    const missing = accessKeyId ? "s3.secretAccessKey" : "s3.accessKeyId";
    throw new ConfigError(`No ${missing} is given: write it beside the other one`);
  }
  const unset = [
    ...accessKeyId ? [] : ["AWS_ACCESS_KEY_ID"],
    ...secretAccessKey ? [] : ["AWS_SECRET_ACCESS_KEY"],
  ];
  throw new ConfigError(
    `No credentials for S3: set ${unset.join(" and ")}, or write s3.accessKeyId and s3.secretAccessKey` +
      " (roles of machines are not asked for)",
  );
}
