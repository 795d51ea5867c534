// What servers do that WebHDFS's own do not, or not when a test wants it.
import assert from "node:assert/strict";
import { errorText } from "../../../core/errors.ts";
import { connectHdfs } from "../../support/hdfs.ts";
import { answerOf, drain, say, startScripted } from "../../support/scripted_http.ts";
import { refuses } from "./hdfs_refusals.ts";

/** Longer than any test may wait for what must not come. */
const SHORT_MS = 150;
const FILE = JSON.stringify({ FileStatus: { type: "FILE", length: 3, pathSuffix: "" } });

const statusTests: { what: string; answer: string; exception: string; text: RegExp }[] = [
  {
    what: "no HTTP",
    answer: "SSH-2.0-OpenSSH_9.2 and much more\r\n",
    exception: "ConnectionLost",
    text: /"SSH-2.0-OpenSSH_" is no HTTP/,
  },
  { what: "nothing", answer: "", exception: "ConnectionLost", text: /closed before all of the answer came/ },
  {
    what: "half a head",
    answer: "HTTP/1.1 200 OK\r\nContent-",
    exception: "ConnectionLost",
    text: /closed before/,
  },
  {
    what: "endless headers",
    answer: `HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(300)}`,
    exception: "ConnectionLost",
    text: /more than 100 headers/,
  },
  {
    what: "an endless header",
    answer: `HTTP/1.1 200 OK\r\nX: ${"x".repeat(40_000)}`,
    exception: "ConnectionLost",
    text: /over 16384 bytes/,
  },
  {
    what: "a length that is none",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
    exception: "ConnectionLost",
    text: /"-5" is no length/,
  },
  {
    what: "less than announced",
    answer: `HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n${FILE}`,
    exception: "ConnectionLost",
    text: /ended \d+ bytes too early/,
  },
  {
    what: "more than anybody needs",
    answer: "HTTP/1.1 500 No\r\nContent-Length: 9999999999\r\n\r\n" + "y".repeat(2_000_000),
    exception: "Http500",
    text: /refuses GETFILESTATUS/,
  },
  {
    what: "a chunk whose length is none",
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
    exception: "ConnectionLost",
    text: /"zz" is no length of a chunk/,
  },
  {
    what: "another kind of page",
    answer: answerOf("200 OK", "<html>Hello</html>"),
    exception: "OddAnswer",
    text: /not WebHDFS's: "<html>/,
  },
  {
    what: "JSON without a status",
    answer: answerOf("200 OK", "{}"),
    exception: "OddAnswer",
    text: /does not have the fields/,
  },
  {
    what: "a page for people",
    answer: answerOf("502 Bad", "<html><title>502 Bad Gateway</title></html>"),
    exception: "Http502",
    text: /502 Bad Gateway/,
  },
  {
    what: "a request for Kerberos",
    answer: answerOf("401 No", "", "WWW-Authenticate: Negotiate\r\n"),
    exception: "Http401",
    text: /Kerberos is not spoken here/,
  },
  {
    what: "an odd redirect",
    answer: answerOf("307 Go", "", "Location: ftp://x/?delegation=SECRET\r\n"),
    exception: "OddAnswer",
    text: /sends to "ftp:\/\/x\/"/,
  },
];

for (const { what, answer, exception, text } of statusTests) {
  Deno.test(`WebHDFS client tells what is wrong with a server that answers ${what}`, async () => {
    await using server = startScripted((conn) => say(conn, answer));
    const client = connectHdfs(server.address, { callTimeoutMs: 2000 });
    const cause = await refuses(client.status("/f"), { exception, text });
    assert.doesNotMatch(cause.message, /SECRET/);
  });
}

Deno.test("WebHDFS client reads an answer in chunks, past one that only says that the server is at it", async () => {
  await using server = startScripted(async (conn) => {
    await say(conn, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    await say(
      conn,
      `5\r\n${FILE.slice(0, 5)}\r\n${(FILE.length - 5).toString(16)};x=y\r\n${FILE.slice(5)}\r\n0\r\n\r\n`,
    );
  });
  const status = await connectHdfs(server.address).status("/f");
  assert.equal(status?.length, 3);
});

Deno.test("WebHDFS client gives up a server that accepts and is silent, after the time for one call", async () => {
  await using server = startScripted(async (conn) => void await drain(conn));
  const client = connectHdfs(server.address, { callTimeoutMs: SHORT_MS });
  await refuses(client.status("/f"), { exception: "TimedOut", text: /Waited 150 ms in vain for an answer/ });
  await refuses(client.rename("/f", "/g"), { exception: "TimedOut", isOutcomeUnknown: true });
});

Deno.test("WebHDFS client gives up an answer that comes byte by byte", async () => {
  await using server = startScripted(async (conn) => {
    await say(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    while (true) {
      await say(conn, " ");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  const client = connectHdfs(server.address, { callTimeoutMs: SHORT_MS });
  await refuses(client.status("/f"), { exception: "TimedOut" });
});

Deno.test("WebHDFS client says that nobody listens", async () => {
  const server = startScripted(async () => {});
  await server[Symbol.asyncDispose]();
  const refusal = await refuses(connectHdfs(server.address).rename("/f", "/g"), {
    ...{ exception: "ConnectionLost", text: /refused.*see that it runs/, isOutcomeUnknown: false },
  });
  assert.equal(errorText(refusal), refusal.message, "the reason stands there once");
});

/** Answers as a NameNode that sends writers to itself, as a DataNode, which then plays. */
function startDataNode(
  play: (conn: Deno.Conn, head: string) => Promise<void>,
): ReturnType<typeof startScripted> {
  const server = startScripted(async (conn, head) => {
    if (head.includes("here=1")) return await play(conn, head);
    await say(
      conn,
      answerOf("307 Go", "", `Location: http://${server.address}/webhdfs/v1/f?here=1&delegation=SECRET\r\n`),
    );
  });
  return server;
}

async function putMany(address: string, callTimeoutMs = 2000): Promise<void> {
  const output = await connectHdfs(address, { callTimeoutMs }).create("/f", { overwrite: true });
  for (let count = 0; count < 64; count++) await output.write(new Uint8Array(1024 * 1024));
  await output.close();
}

Deno.test("WebHDFS client reads a refusal in the middle of the body, and sends no more", async () => {
  await using server = startDataNode(async (conn) => {
    await conn.read(new Uint8Array(10));
    const said = {
      RemoteException: { exception: "DSQuotaExceededException", message: "The quota is exceeded\n\tat" },
    };
    await say(conn, answerOf("403 Forbidden", JSON.stringify(said)));
  });
  await refuses(putMany(server.address), {
    exception: "DSQuotaExceededException",
    text: /exceeded \(remove files/,
  });
});

Deno.test("WebHDFS client takes success before the end of the body for none", async () => {
  await using server = startDataNode(async (conn) => {
    await conn.read(new Uint8Array(10));
    await say(conn, answerOf("201 Created", ""));
    await drain(conn);
  });
  await refuses(putMany(server.address), {
    exception: "ConnectionLost",
    text: /before it had all/,
    isOutcomeUnknown: true,
  });
});

Deno.test("WebHDFS client gives up a server that takes no more of a body", async () => {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => finish = resolve);
  await using server = startDataNode(() => finished);
  await refuses(putMany(server.address, SHORT_MS), { exception: "TimedOut", text: /in vain to send/ });
  finish();
});

Deno.test("WebHDFS client waits for a slow server as long as that takes bytes", async () => {
  await using server = startDataNode(async (conn) => {
    const into = new Uint8Array(1024 * 1024);
    for (let bytes = 0; bytes < 64 * 1024 * 1024;) {
      bytes += await conn.read(into) ?? Infinity;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await say(conn, answerOf("201 Created", ""));
  });
  await putMany(server.address, 1000);
});

Deno.test("WebHDFS client says that a connection broke in the middle of the body", async () => {
  await using server = startDataNode(async (conn) => void await conn.read(new Uint8Array(1000)));
  await refuses(putMany(server.address), { exception: "ConnectionLost", isOutcomeUnknown: true });
});

Deno.test("WebHDFS client fails the reader of a file that does not come whole", async () => {
  await using server = startDataNode((conn) =>
    say(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
  );
  const bytes = new Response(
    await connectHdfs(server.address).open("/f") as ReadableStream<Uint8Array<ArrayBuffer>>,
  );
  await refuses(bytes.bytes(), {
    exception: "ConnectionLost",
    text: /OPEN of "\/f".*ended 5 bytes too early/,
  });
});

Deno.test("WebHDFS client lets go of the connection when a reader does not begin", async () => {
  let hasEnded = () => {};
  const ended = new Promise<void>((resolve) => hasEnded = resolve);
  await using server = startDataNode(async (conn) => {
    await say(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    await drain(conn);
    hasEnded();
  });
  await (await connectHdfs(server.address).open("/f")).cancel();
  await ended;
});

Deno.test("WebHDFS client ends all that is under way when it is closed, and begins nothing more", async () => {
  await using server = startScripted(async (conn) => void await drain(conn));
  const client = connectHdfs(server.address);
  const asked = refuses(client.status("/f"), { exception: "Aborted" });
  client.close();
  await asked;
  await refuses(client.status("/f"), { exception: "Closed", text: /client is closed/ });
});
