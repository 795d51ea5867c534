import { gunzipSync } from "node:zlib";
import type { WebHdfsClient } from "../../protocols/hadoop/webhdfs.ts";
import { readFile } from "./hdfs.ts";

/** The names of what a folder of HDFS holds, sorted. */
export async function namesIn(client: WebHdfsClient, folder: string): Promise<string[]> {
  return (await Array.fromAsync(client.list(folder), ({ name }) => name)).sort();
}

/** The paths of all files below a folder of HDFS, sorted. */
export async function listHdfs(client: WebHdfsClient, folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const { name, isFolder } of await Array.fromAsync(client.list(folder))) {
    const path = `${folder === "/" ? "" : folder}/${name}`;
    if (isFolder) paths.push(...await listHdfs(client, path));
    else paths.push(path);
  }
  return paths.sort();
}

/** Copies the finished files below a folder of HDFS to a local one, those of gzip unpacked; what is there already is not read again. */
export async function copyHdfs(client: WebHdfsClient, from: string, target: string): Promise<void> {
  for (const path of await listHdfs(client, from)) {
    if (path.endsWith(".tmp")) continue;
    const file = `${target}${path}`;
    if (await Deno.lstat(file).catch(() => undefined)) continue;
    const bytes = await readFile(client, path);
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(file, path.endsWith(".gz") ? gunzipSync(bytes) : bytes);
  }
}
