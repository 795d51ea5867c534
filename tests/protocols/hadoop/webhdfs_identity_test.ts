// As whom WebHDFS is asked, and what must not be told to others.
import assert from "node:assert/strict";
import type { WebHdfsOptions } from "../../../protocols/hadoop/webhdfs_requests.ts";
import { connectHdfs } from "../../support/hdfs.ts";
import { answerOf, drain, say, type ScriptedServer, startScripted } from "../../support/scripted_http.ts";
import { OWN_IDENTITY } from "../../plugins/sinks/_hdfs/authority.ts";
import { refuses } from "./hdfs_refusals.ts";

const DONE = answerOf("200 OK", '{"boolean":true}');

function startEcho(): ScriptedServer {
  return startScripted(async (conn, head) => {
    await say(conn, answerOf("500 Oops", `Cannot ${head}`));
  });
}

const identityTests: { what: string; options: Partial<WebHdfsOptions>; expected: RegExp }[] = [
  { what: "a user", options: { user: "al ice" }, expected: /\?op=MKDIRS&user\.name=al\+ice HTTP/ },
  {
    what: "a user for another",
    options: { user: "a", doAs: "bob" },
    expected: /&user\.name=a&doas=bob HTTP/,
  },
  {
    what: "a token",
    options: { user: "a", delegationToken: "t/o+k" },
    expected: /\?op=MKDIRS&delegation=t%2Fo%2Bk HTTP/,
  },
  {
    what: "a user and password",
    options: { user: undefined, login: { username: "ü", password: "p:w" } },
    expected: /\?op=MKDIRS HTTP[^]*\r\nAuthorization: Basic w7w6cDp3\r\n/,
  },
];

for (const { what, options, expected } of identityTests) {
  Deno.test(`WebHDFS client asks as ${what}`, async () => {
    await using server = startScripted((conn) => say(conn, DONE));
    await connectHdfs(server.address, options).mkdirs("/f");
    assert.match(server.heads[0]!, expected);
  });
}

Deno.test("WebHDFS client keeps secrets out of its errors, also when a server sends them back", async () => {
  await using server = startEcho();
  for (const options of [{ delegationToken: "S/ECRET" }, { login: { username: "a", password: "S/ECRET" } }]) {
    const client = connectHdfs(server.address, options);
    const cause = await refuses(client.mkdirs("/f"), { exception: "Http500", text: /Cannot PUT/ });
    for (const secret of ["S/ECRET", "S%2FECRET", btoa("a:S/ECRET")]) {
      assert(!Deno.inspect(cause, { depth: 9 }).includes(secret), cause.message);
    }
  }
});

Deno.test("WebHDFS client tells its password to the hosts only that were named", async () => {
  await using other = startScripted(async (conn) => {
    await say(conn, answerOf("201 Created", ""));
    await drain(conn);
  });
  await using server = startScripted((conn) =>
    say(conn, answerOf("307 Go", "", `Location: http://${other.address}/x\r\n`))
  );
  const client = connectHdfs(server.address, { login: { username: "a", password: "b" } });
  const output = await client.create("/f", { overwrite: true });
  await output.close().catch(() => {});
  assert.match(server.heads[0]!, /Authorization/);
  assert.doesNotMatch(other.heads[0]!, /Authorization/);
});

Deno.test("WebHDFS client finds a DataNode under the address that it is told for it", async () => {
  await using other = startScripted((conn) => say(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
  await using server = startScripted((conn) =>
    say(conn, answerOf("307 Go", "", "Location: http://dn7.inside:9864/x\r\n"))
  );
  const client = connectHdfs(server.address, { hosts: { "dn7.inside:9864": other.address } });
  assert.equal(
    await new Response(await client.open("/f") as ReadableStream<Uint8Array<ArrayBuffer>>).text(),
    "hi",
  );
});

Deno.test("WebHDFS client asks for another DataNode, and says what was wrong with the first when there is none", async () => {
  const gone = startScripted(async () => {});
  await gone[Symbol.asyncDispose]();
  await using server = startScripted(async (conn, head) => {
    const said = { RemoteException: { exception: "IOException", message: "Failed to find datanode" } };
    if (head.includes("excludedatanodes=")) return await say(conn, answerOf("403 No", JSON.stringify(said)));
    await say(conn, answerOf("307 Go", "", `Location: http://${gone.address}/x\r\n`));
  });
  const client = connectHdfs(server.address);
  await refuses(client.open("/f"), {
    exception: "ConnectionLost",
    text: new RegExp(gone.address),
    canRetry: true,
  });
  assert.match(server.heads[1]!, /excludedatanodes=127\.0\.0\.1/);
});

Deno.test("WebHDFS client is not sent from TLS to where what it sends could be read", async () => {
  await using other = startScripted((conn) => say(conn, DONE));
  const place = `Location: http://${other.address}/x?delegation=SECRET\r\n`;
  await using server = startScripted((conn) => say(conn, answerOf("307 Go", "", place)), OWN_IDENTITY);
  const client = connectHdfs("", { nameNodes: [`https://${server.address}`], delegationToken: "SECRET" });
  const text = /from https to "http:\/\/127[^?]*\/x"/;
  const cause = await refuses(client.create("/f", { overwrite: true }), { exception: "OddAnswer", text });
  assert.doesNotMatch(cause.message, /SECRET/);
  assert.deepEqual(other.heads, []);
});

const wrongPaths = ["", "f", "/a//b", "/a/", "/a/../b", "/./a", "/\ud800"];
for (const path of wrongPaths) {
  Deno.test(`WebHDFS client refuses ${JSON.stringify(path)}, which leads elsewhere or nowhere`, async () => {
    const client = connectHdfs("127.0.0.1:1");
    await assert.rejects(client.mkdirs(path), RangeError);
    await assert.rejects(client.rename("/a", path), RangeError);
  });
}

const wrongAddresses = [
  "nn1:9870",
  "hdfs://nn1:8020",
  "http://a:SECRET@nn1:9870",
  "http://nn1:9870/?delegation=SECRET",
];
for (const address of wrongAddresses) {
  Deno.test(`WebHDFS client refuses the address ${address}`, () => {
    const start = () => connectHdfs("", { nameNodes: [address] });
    assert.throws(start, (cause) => cause instanceof RangeError && !cause.message.includes("SECRET"));
  });
}
