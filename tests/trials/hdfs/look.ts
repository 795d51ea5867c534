import type { WebHdfsClient } from "../../../protocols/hadoop/webhdfs.ts";
import { connectHdfs, readFile } from "../../support/hdfs.ts";

/** A file of a target, as anybody sees it. */
export interface SeenFile {
  /** Below the folder that is looked at. */
  readonly path: string;
  readonly bytes: number;
}

/** Looks at a target as a reader does that is not ours. */
export interface Look extends Disposable {
  /** All files there; none where there is no folder yet. */
  list(): Promise<readonly SeenFile[]>;
  read(path: string): Promise<Uint8Array>;
}

/** Looks into a folder of HDFS. */
export class HdfsLook implements Look {
  readonly client: WebHdfsClient;
  readonly #folder: string;

  constructor(addresses: string, folder: string) {
    this.client = connectHdfs(addresses);
    this.#folder = folder;
  }

  list(): Promise<readonly SeenFile[]> {
    return this.#below("");
  }

  read(path: string): Promise<Uint8Array> {
    return readFile(this.client, this.#folder + path);
  }

  [Symbol.dispose](): void {
    this.client.close();
  }

  async #below(folder: string): Promise<readonly SeenFile[]> {
    const files: SeenFile[] = [];
    for (
      const { name, isFolder, length } of await Array.fromAsync(this.client.list(this.#folder + folder))
    ) {
      const path = `${folder}/${name}`;
      if (isFolder) files.push(...await this.#below(path));
      else files.push({ path, bytes: length });
    }
    return files;
  }
}

/** Looks into a local folder. */
export class FolderLook implements Look {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async list(): Promise<readonly SeenFile[]> {
    return await this.#below("").catch((cause) => {
      if (cause instanceof Deno.errors.NotFound) return [];
      throw cause;
    });
  }

  read(path: string): Promise<Uint8Array> {
    return Deno.readFile(this.#folder + path);
  }

  [Symbol.dispose](): void {}

  async #below(folder: string): Promise<readonly SeenFile[]> {
    const files: SeenFile[] = [];
    for await (const { name, isDirectory } of Deno.readDir(this.#folder + folder)) {
      const path = `${folder}/${name}`;
      // An S3 server over a folder keeps there what is not complete.
      if (isDirectory && !name.startsWith(".")) files.push(...await this.#below(path));
      if (isDirectory) continue;
      const found = await Deno.stat(this.#folder + path).catch(() => undefined);
      // Otherwise it got its final name just now.
      if (found) files.push({ path, bytes: found.size });
    }
    return files;
  }
}
