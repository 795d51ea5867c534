// Two NameNodes, of which one is active.
import assert from "node:assert/strict";
import { sharedServerTest } from "../../servers/mod.ts";
import { connectHdfs, putFile, readFile } from "../../support/hdfs.ts";
import { answerOf, drain, say, startScripted } from "../../support/scripted_http.ts";
import { until } from "../../support/until.ts";
import { refuses } from "./hdfs_refusals.ts";

const withPair = sharedServerTest("hdfs", { HDFS_NAMENODES: "2", HDFS_HEAP: "256m" });
const STANDBY = answerOf(
  "403 Forbidden",
  JSON.stringify({ RemoteException: { exception: "StandbyException", message: "no" } }),
);
const DONE = answerOf("200 OK", '{"boolean":true}');

withPair("WebHDFS client asks the other NameNode when the first is on standby", async ({ env }) => {
  const [active, standby] = env.HDFS_WEBHDFS!.split(",") as [string, string];
  await refuses(connectHdfs(standby).mkdirs("/d"), {
    exception: "StandbyException",
    canRetry: true,
    text: /name both/,
  });
  const client = connectHdfs(`${standby},${active}`);
  await putFile(client, "/first", { content: "1" });
  await client.append("/first", new TextEncoder().encode("2"));
  assert.equal(await client.rename("/first", "/second"), true);
  assert.equal(new TextDecoder().decode(await readFile(client, "/second")), "12");
});

withPair("WebHDFS client finds the NameNode that takes over in the middle of a file", async (server) => {
  const part = new Uint8Array(1_000_000).fill(7);
  const client = connectHdfs(server.env.HDFS_WEBHDFS!);
  const output = await client.create("/third", { overwrite: true });
  await output.write(part);
  await server.control("kill namenode1");
  await output.write(part);
  await refuses(client.status("/third"), {
    exception: /StandbyException|ConnectionLost/,
    canRetry: true,
    text: /No NameNode is active: .*; /,
  });
  await server.control("active namenode2");
  await output.write(part);
  await output.close().catch(async () => {
    // The DataNode had lost its way, and said so.
    await until(
      "the file to be written",
      () =>
        putFile(client, "/third", { content: new Uint8Array(3_000_000).fill(7), overwrite: true }).then(
          () => true,
          () => false,
        ),
      30_000,
    );
  });
  assert.deepEqual(await readFile(client, "/third"), new Uint8Array(3_000_000).fill(7));
  assert.equal(await client.rename("/third", "/fourth"), true);
});

Deno.test("WebHDFS client asks the NameNode first that was active before", async () => {
  await using standby = startScripted((conn) => say(conn, STANDBY));
  await using active = startScripted((conn) => say(conn, DONE));
  const client = connectHdfs(`${standby.address},${active.address}`);
  for (let count = 0; count < 3; count++) await client.mkdirs("/d");
  assert.deepEqual([standby.heads.length, active.heads.length], [1, 3]);
});

Deno.test("WebHDFS client asks no other NameNode to rename when the first may have done so", async () => {
  await using silent = startScripted(async (conn) => void await drain(conn));
  await using active = startScripted((conn) => say(conn, DONE));
  const client = connectHdfs(`${silent.address},${active.address}`, { callTimeoutMs: 100 });
  await refuses(client.rename("/a", "/b"), { exception: "TimedOut", isOutcomeUnknown: true });
  assert.equal(active.heads.length, 0);
  await client.mkdirs("/d");
  assert.equal(active.heads.length, 1);
});

Deno.test("WebHDFS client tells of each NameNode why it did not answer", async () => {
  await using standby = startScripted((conn) => say(conn, STANDBY));
  await using broken = startScripted((conn) => say(conn, answerOf("503 No", "<title>Starting</title>")));
  const client = connectHdfs(`${standby.address},${broken.address}`);
  const text = new RegExp(
    `No NameNode is active: ${standby.address} refuses .*StandbyException.*; ${broken.address} .*Starting`,
  );
  await refuses(client.rename("/a", "/b"), {
    exception: "Http503",
    text,
    canRetry: true,
    isOutcomeUnknown: false,
  });
});
