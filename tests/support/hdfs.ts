import type { HttpHost } from "../../protocols/hadoop/http_call.ts";
import { connectWire } from "../../plugins/sinks/_hdfs/stores/wire.ts";
import { WebHdfsClient } from "../../protocols/hadoop/webhdfs.ts";
import type { WebHdfsOptions } from "../../protocols/hadoop/webhdfs_requests.ts";

const ANY_TLS = { trustsAll: true, checksName: false };

/** A client of the HDFS that a test has started; `addresses` is HDFS_WEBHDFS or HDFS_HTTPFS of it. */
export function connectHdfs(addresses: string, options: Partial<WebHdfsOptions> = {}): WebHdfsClient {
  const nameNodes = addresses.split(",").map((address) => `http://${address}`);
  const connect = (host: HttpHost) => connectWire(host, { tls: ANY_TLS, timeoutMs: 20_000 });
  return new WebHdfsClient({ nameNodes, connect, callTimeoutMs: 20_000, user: "root", ...options });
}

/** Writes a file in one go. */
export async function putFile(
  client: WebHdfsClient,
  path: string,
  { content, overwrite = false }: { content: string | Uint8Array; overwrite?: boolean },
): Promise<void> {
  const output = await client.create(path, { overwrite });
  await output.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
  await output.close();
}

/** All of a file. */
export async function readFile(client: WebHdfsClient, path: string): Promise<Uint8Array> {
  return await new Response(await client.open(path) as ReadableStream<Uint8Array<ArrayBuffer>>).bytes();
}

/** Runs Hadoop's own command line: `dfs -text /f`, `dfsadmin -safemode enter`. */
export async function runHdfsCli(env: Record<string, string>, args: readonly string[]): Promise<string> {
  const output = await new Deno.Command(env.HDFS_CLI!, { args: [...args] }).output();
  const said = new TextDecoder().decode(output.stderr);
  if (!output.success) throw new Error(`${args.join(" ")}: ${said}`);
  return new TextDecoder().decode(output.stdout);
}
