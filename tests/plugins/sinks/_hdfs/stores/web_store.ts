import {
  WebHdfsStore,
  type WebHdfsStoreOptions,
} from "../../../../../plugins/sinks/_hdfs/stores/web_hdfs_store.ts";
import type { Upload } from "../../../../../plugins/sinks/_hdfs/stores/store.ts";
import type { WebHdfsClient } from "../../../../../protocols/hadoop/webhdfs.ts";
import { type RunningServer, sharedServerTest } from "../../../../servers/mod.ts";
import { patternBytes, slicesOf } from "../../../../support/byte_slices.ts";
import { connectHdfs, readFile } from "../../../../support/hdfs.ts";
import { listHdfs } from "../../../../support/hdfs_tree.ts";
import { until } from "../../../../support/until.ts";

export const NEVER: AbortSignal = new AbortController().signal;
export const CONTENT: Uint8Array = patternBytes(3_000_000);

/** A store on a folder of its own, and a client that sees what is there. */
export interface StoreBench {
  readonly store: WebHdfsStore;
  readonly options: WebHdfsStoreOptions;
  readonly client: WebHdfsClient;
  /** What is in the folder. */
  paths(): Promise<string[]>;
  read(path: string): Promise<Uint8Array>;
  /** The content, and a failure once the server has made the file. */
  brokenOnce(name: string): AsyncIterable<Uint8Array>;
  readonly env: RunningServer["env"];
}

const hdfsTest = sharedServerTest("hdfs");
let count = 0;

/** A test of a store in a real HDFS. */
export function storeTest(name: string, body: (bench: StoreBench) => Promise<void>): void {
  hdfsTest(name, async ({ env }) => {
    const root = `/bench ${++count}`;
    const folder = await Deno.makeTempDir();
    const options = {
      nameNodes: [`http://${env.HDFS_WEBHDFS}`],
      root,
      user: env.HDFS_USER,
      callTimeoutMs: 20_000,
      notesPath: `${folder}/names.json`,
    };
    const store = new WebHdfsStore(options);
    const client = connectHdfs(env.HDFS_WEBHDFS!);
    const paths = async () => (await listHdfs(client, root)).map((path) => path.slice(root.length + 1));
    async function* brokenOnce(name: string) {
      yield* slicesOf(CONTENT);
      await untilThere(paths, name);
      throw new Error("The stage broke");
    }
    const read = (path: string) => readFile(client, `${root}/${path}`);
    try {
      await body({ store, options, client, paths, read, brokenOnce, env });
    } finally {
      store.close();
      client.close();
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Waits until a file is there, also one that grows. */
export const untilThere = (paths: StoreBench["paths"], name: string): Promise<void> =>
  until(`"${name}" to be there`, async () => (await paths()).includes(name));
/** Puts a file whole. */
export const send = (store: WebHdfsStore, path: string, content: Uint8Array = CONTENT): Promise<Upload> =>
  store.put(path, slicesOf(content), NEVER);
/** As it comes back in another life. */
export const kept = (upload: Upload): Upload => JSON.parse(JSON.stringify(upload));
