import type { WebHdfsClient } from "../../../../protocols/hadoop/webhdfs.ts";
import { readFile } from "../../../support/hdfs.ts";

/** Path below a folder → text of all files of HDFS there, by path. */
export async function readTree(
  client: WebHdfsClient,
  folder: string,
  start = "",
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isFolder } of client.list(folder)) {
    if (isFolder) Object.assign(found, await readTree(client, `${folder}/${name}`, `${start}${name}/`));
    else found[start + name] = new TextDecoder("latin1").decode(await readFile(client, `${folder}/${name}`));
  }
  return Object.fromEntries(Object.entries(found).sort(([one], [other]) => one < other ? -1 : 1));
}
