import type { WebHdfsClient } from "../../../protocols/hadoop/webhdfs.ts";
import type { WebHdfsOptions } from "../../../protocols/hadoop/webhdfs_requests.ts";
import type { RunningServer } from "../../servers/mod.ts";
import { connectHdfs, runHdfsCli } from "../../support/hdfs.ts";

/** A client, a folder of its own, and what else a test of both gates to HDFS needs. */
export interface Ground {
  readonly client: WebHdfsClient;
  readonly folder: string;
  connect(options: Partial<WebHdfsOptions>): WebHdfsClient;
  cli(...args: string[]): Promise<string>;
  /** Gets a delegation token, or takes it back. */
  token(op: "GET" | "CANCEL", token?: string): Promise<string>;
}

/** Declares a test for the NameNode's own port, and one for HttpFS. */
export type GateTest = (
  name: string,
  body: (ground: Ground) => Promise<void>,
  gates?: readonly Gate[],
) => void;

type Gate = "HDFS_WEBHDFS" | "HDFS_HTTPFS";
const TITLES = { HDFS_WEBHDFS: "WebHDFS", HDFS_HTTPFS: "HttpFS" };
let count = 0;

/** What declares tests, with a server that has both. */
export function gateTests(
  withHdfs: (name: string, body: (server: RunningServer) => Promise<void>) => void,
): GateTest {
  return (name, body, gates = ["HDFS_WEBHDFS", "HDFS_HTTPFS"]) => {
    for (const gate of gates) {
      withHdfs(`${TITLES[gate]} client ${name}`, async ({ env }) => {
        const connect = (options: Partial<WebHdfsOptions>) =>
          connectHdfs(env[gate]!, { user: env.HDFS_USER!, ...options });
        const client = connect({});
        const folder = `/ground${++count}`;
        await client.mkdirs(folder);
        const cli = (...args: string[]) => runHdfsCli(env, args);
        const token: Ground["token"] = (op, given) =>
          askForToken(op, { address: env[gate]!, user: env.HDFS_USER!, given });
        await body({ client, folder, connect, cli, token });
      });
    }
  };
}

async function askForToken(
  op: "GET" | "CANCEL",
  { address, user, given }: { address: string; user: string; given: string | undefined },
): Promise<string> {
  const query = new URLSearchParams({
    op: `${op}DELEGATIONTOKEN`,
    "user.name": user,
    renewer: user,
    ...given && { token: given },
  });
  const method = op === "GET" ? "GET" : "PUT";
  const answer = await fetch(`http://${address}/webhdfs/v1/?${query}`, { method });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return op === "GET" ? JSON.parse(text).Token.urlString : "";
}
