import { type RunningServer, startServer } from "../../tests/servers/mod.ts";
import { connectHdfs } from "../../tests/support/hdfs.ts";
import type { WebHdfsClient } from "../../protocols/hadoop/webhdfs.ts";
import { megabytesPerSecond } from "./figures.ts";

const CHUNK_BYTES = 1 << 20;

/** A NameNode and a DataNode of its own for a case. */
export class HdfsLab {
  readonly client: WebHdfsClient;
  readonly #server: RunningServer;
  #folders = 0;

  private constructor(server: RunningServer) {
    this.#server = server;
    this.client = connectHdfs(server.env.HDFS_WEBHDFS!);
  }

  /** Undefined, and the reason on the console, where there is no HDFS. */
  static async open(): Promise<HdfsLab | undefined> {
    const server = await startServer("hdfs", { HDFS_HEAP: "768m", HDFS_JIT: "full" });
    return server && new HdfsLab(server);
  }

  get nameNode(): string {
    return `http://${this.#server.env.HDFS_WEBHDFS}`;
  }

  get user(): string {
    return this.#server.env.HDFS_USER!;
  }

  /** A new folder, which is removed behind its use: the disk is not endless. */
  async withFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
    const folder = `/bench-${++this.#folders}`;
    try {
      return await run(folder);
    } finally {
      await this.client.remove(folder, { recursive: true });
    }
  }

  /** Writes a local file by one PUT and nothing else; MB/s. */
  async barePut(path: string): Promise<number> {
    return await this.withFolder(async (folder) => {
      const startMs = performance.now();
      const output = await this.client.create(`${folder}/bare`, { overwrite: false });
      using file = await Deno.open(path);
      const chunk = new Uint8Array(CHUNK_BYTES);
      for (let count = await file.read(chunk); count !== null; count = await file.read(chunk)) {
        await output.write(chunk.subarray(0, count));
      }
      await output.close();
      return megabytesPerSecond(output.bytes, performance.now() - startMs);
    });
  }

  /** Files below a folder that have their final names. */
  async finished(folder: string): Promise<{ readonly files: number; readonly bytes: number }> {
    let [files, bytes] = [0, 0];
    for await (const { name, isFolder, length } of this.client.list(folder)) {
      const below = isFolder ? await this.finished(`${folder}/${name}`) : { files: 1, bytes: length };
      if (!isFolder && name.endsWith(".tmp")) continue;
      files += below.files;
      bytes += below.bytes;
    }
    return { files, bytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.#server.stop();
  }
}
