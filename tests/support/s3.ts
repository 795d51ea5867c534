import { dirname } from "node:path";
import { S3Store } from "../../plugins/sinks/_hdfs/stores/s3_store.ts";
import { S3Client } from "../../protocols/s3/s3_client.ts";
import type { S3Options } from "../../protocols/s3/s3_requests.ts";

/** What a test of S3 may change about its client. */
export type S3Change = Partial<S3Options> & { readonly checksum?: "none" | "crc32" | "md5" };

/** A client of the S3 server that a test has started. */
export function connectS3(env: Readonly<Record<string, string>>, change: S3Change = {}): S3Client {
  return new S3Client({
    endpoint: env.S3_ENDPOINT!,
    region: env.S3_REGION!,
    bucket: env.S3_BUCKET!,
    isPathStyle: true,
    credentials: { accessKeyId: env.S3_ACCESS_KEY_ID!, secretAccessKey: env.S3_SECRET_ACCESS_KEY! },
    timeoutMs: 5000,
    backoffMs: 1,
    ...change,
  });
}

/** A store in a bucket, below a prefix of its own, and what it warned of. */
export interface S3Bench extends AsyncDisposable {
  readonly client: S3Client;
  readonly store: S3Store;
  /** In front of its keys. */
  readonly prefix: string;
  readonly notesPath: string;
  readonly warnings: string[];
}

/** Opens a store; with the place of an earlier one it is the next life of that. */
export function openS3(
  env: Readonly<Record<string, string>>,
  { change = {}, place = newPlace() }: { change?: S3Change; place?: { prefix: string; notesPath: string } } =
    {},
): S3Bench {
  const client = connectS3(env, change);
  const { prefix, notesPath } = place;
  const warnings: string[] = [];
  const store = new S3Store({ client, prefix, notesPath, log: { warn: (text) => void warnings.push(text) } });
  return {
    client,
    store,
    prefix,
    notesPath,
    warnings,
    async [Symbol.asyncDispose]() {
      store.close();
      await Deno.remove(dirname(notesPath), { recursive: true }).catch(() => {});
    },
  };
}

function newPlace() {
  const folder = Deno.makeTempDirSync({ prefix: "s3-" });
  return { prefix: `run-${crypto.randomUUID()}`, notesPath: `${folder}/notes.json` };
}
