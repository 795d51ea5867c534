// Servers of HDFS that end while they are needed.
import assert from "node:assert/strict";
import type { HdfsOutput } from "../../../protocols/hadoop/hdfs_client.ts";
import { HdfsError } from "../../../protocols/hadoop/hdfs_error.ts";
import type { WebHdfsClient } from "../../../protocols/hadoop/webhdfs.ts";
import { type RunningServer, sharedServerTest } from "../../servers/mod.ts";
import { connectHdfs, putFile, readFile } from "../../support/hdfs.ts";
import { until } from "../../support/until.ts";
import { refuses } from "./hdfs_refusals.ts";

const PART = new Uint8Array(1_000_000).map((_, index) => index % 251);
const LIMIT_MS = 60_000;

const withHdfs = sharedServerTest("hdfs");

function hdfsTest(
  name: string,
  body: (client: WebHdfsClient, server: RunningServer) => Promise<void>,
): void {
  withHdfs(name, async (server) => {
    const client = connectHdfs(server.env.HDFS_WEBHDFS!);
    await body(client, server);
    client.close();
  });
}

async function writeParts(output: HdfsOutput, parts: number): Promise<void> {
  for (let count = 0; count < parts; count++) await output.write(PART);
}

async function putParts(client: WebHdfsClient, parts: number): Promise<void> {
  const output = await client.create("/f", { overwrite: true });
  await writeParts(output, parts);
  await output.close();
}

hdfsTest(
  "WebHDFS client gets a file whole although the NameNode ends in the middle of it",
  async (client, server) => {
    const output = await client.create("/f", { overwrite: true });
    await writeParts(output, 10);
    await until("the file to be there", async () => await client.status("/f") !== undefined);
    await server.control("kill namenode1");
    await writeParts(output, 10);
    await refuses(client.status("/f"), { exception: "ConnectionLost", canRetry: true, text: /refused/ });
    await server.control("start namenode1");
    // The DataNode finds the NameNode again, or says that it did not.
    await writeParts(output, 10).then(() => output.close()).catch(async (cause) => {
      assert(cause instanceof HdfsError && cause.canRetry, String(cause));
      await until(
        "the file to be written",
        () => putParts(client, 30).then(() => true, () => false),
        LIMIT_MS,
      );
    });
    const bytes = await readFile(client, "/f");
    assert.equal(bytes.length, 30 * PART.length);
    for (let at = 0; at < bytes.length; at += PART.length) {
      assert.deepEqual(bytes.subarray(at, at + PART.length), PART);
    }
  },
);

hdfsTest(
  "WebHDFS client says that the DataNode ended in the middle of a file, and writes it anew",
  async (client, server) => {
    const output = await client.create("/f", { overwrite: true });
    await writeParts(output, 10);
    await until("the file to be there", async () => await client.status("/f") !== undefined);
    await server.control("kill datanode1");
    const lost = { exception: "ConnectionLost", canRetry: true, isOutcomeUnknown: true };
    await refuses(writeParts(output, 1000).then(() => output.close()), lost);
    await refuses(putParts(client, 1), { exception: "ConnectionLost", text: /refused/ });
    await server.control("start datanode1");
    await until(
      "the DataNode to be known again",
      () => putParts(client, 1).then(() => true, () => false),
      LIMIT_MS,
    );
    assert.deepEqual(await readFile(client, "/f"), PART);
  },
);

hdfsTest(
  "WebHDFS client takes a file from a DataNode that ended while it was extended",
  async (client, server) => {
    await putFile(client, "/f", { content: PART, overwrite: true });
    const lost = { exception: "ConnectionLost", canRetry: true, isOutcomeUnknown: true };
    const refused = refuses(client.append("/f", Array.from({ length: 1000 }, () => PART)), lost);
    await until("the file to be open", async () => !await client.truncate("/f", PART.length));
    await server.control("kill datanode1");
    await refused;
    await server.control("start datanode1");
    assert.equal(await client.recoverLease("/f").catch(() => false), false);
    // The server holds it for a lost writer for one minute, unless Hadoop's own tool asks for it.
    await new Deno.Command(server.env.HDFS_CLI!, { args: ["debug", "recoverLease", "-path", "/f"] }).output();
    await until("the file to be cut", () => client.truncate("/f", PART.length), LIMIT_MS);
    assert.deepEqual(await readFile(client, "/f"), PART);
    await client.append("/f", PART);
    assert.equal((await client.status("/f"))?.length, 2 * PART.length);
  },
);
