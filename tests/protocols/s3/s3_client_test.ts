import assert from "node:assert/strict";
import type { S3Client } from "../../../protocols/s3/s3_client.ts";
import { S3Error } from "../../../protocols/s3/s3_error.ts";
import type { S3Options } from "../../../protocols/s3/s3_requests.ts";
import { connectS3, type S3Change } from "../../support/s3.ts";

const NEVER = new AbortController().signal;
const SECRET = "sluice-secret-key";
const ENV = {
  S3_ENDPOINT: "http://127.0.0.1:9",
  S3_REGION: "us-east-1",
  S3_BUCKET: "sluice",
  S3_ACCESS_KEY_ID: "sluice-access",
  S3_SECRET_ACCESS_KEY: SECRET,
};

type Answer = Response | ((request: Request) => Response | Promise<Response>);

/** A server that gives one answer after the other, the last one for ever. */
async function withServer(
  answers: readonly Answer[],
  use: (client: S3Client, requests: string[]) => Promise<void>,
  change: S3Change = {},
): Promise<void> {
  const requests: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)]!;
    requests.push(request.url);
    await request.arrayBuffer();
    return typeof answer === "function" ? await answer(request) : answer.clone();
  });
  const http = Deno.createHttpClient({});
  const client = connectS3(ENV, {
    endpoint: `http://127.0.0.1:${server.addr.port}`,
    fetch: (url, init) => fetch(url, { ...init, client: http }),
    ...change,
  });
  try {
    await use(client, requests);
  } finally {
    client.close();
    http.close();
    await server.shutdown();
  }
}

const errorXml = (code: string, more = "") =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Said\n  so</Message>${more}</Error>`;
const refusal = (status: number, code: string, more = "") => new Response(errorXml(code, more), { status });
const CREATED = new Response("<R><UploadId>u1</UploadId></R>");
const create = (client: S3Client) => client.createUpload("logs/a", { mark: "m", signal: NEVER });
const upload = { key: "logs/a", uploadId: "u1" };

async function failureOf(promise: Promise<unknown>): Promise<S3Error> {
  const cause = await promise.then(() => assert.fail("it succeeded"), (cause) => cause);
  assert.ok(cause instanceof S3Error, String(cause));
  assert.ok(!cause.message.includes(SECRET));
  return cause;
}

Deno.test("a server that wants fewer requests is asked again, until it has answered", async () => {
  const slow = refusal(503, "SlowDown");
  await withServer([slow, slow, refusal(500, "InternalError"), CREATED], async (client, requests) => {
    assert.equal((await create(client)).uploadId, "u1");
    assert.equal(requests.length, 4);
  });
});

Deno.test("a server that stays busy is given up with its own words", async () => {
  await withServer([refusal(503, "SlowDown")], async (client, requests) => {
    const error = await failureOf(create(client));
    assert.match(
      error.message,
      /^CreateMultipartUpload of s3:\/\/sluice\/logs\/a at 127\.0\.0\.1:\d+ failed: SlowDown, Said so; the server wants fewer/,
    );
    assert.deepEqual([error.canRetry, error.isOutcomeUnknown, requests.length], [true, true, 3]);
  }, { maxTries: 3 });
});

Deno.test("what a setting must cure is not tried again, and says which", async () => {
  const cases: readonly [Response, RegExp][] = [
    [refusal(403, "AccessDenied"), /AccessDenied.*s3:PutObject/],
    [refusal(404, "NoSuchBucket"), /NoSuchBucket.*create the bucket/],
    [refusal(403, "SignatureDoesNotMatch"), /secret access key/],
    [
      refusal(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"),
      /set the region to "eu-west-1"/,
    ],
    [new Response(null, { status: 301, headers: { "x-amz-bucket-region": "eu-west-3" } }), /"eu-west-3"/],
    [new Response("<html>no", { status: 418 }), /Http418, <html>no/],
  ];
  for (const [answer, pattern] of cases) {
    await withServer([answer], async (client, requests) => {
      const error = await failureOf(create(client));
      assert.match(error.message, pattern);
      assert.deepEqual([error.canRetry, requests.length], [false, 1]);
    });
  }
});

Deno.test("a refusal that comes with status 200, behind blanks, is a refusal", async () => {
  const late = new Response(`  \n \n${errorXml("InternalError")}`);
  await withServer([late, new Response("<CompleteMultipartUploadResult/>")], async (client, requests) => {
    await client.completeUpload(upload, ['"e"']);
    assert.equal(requests.length, 2);
  });
});

Deno.test("answers that are no S3, too long or cut are tried again, and then given up", async () => {
  const endless = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(32)),
      }),
    );
  const cases: readonly [Answer, RegExp][] = [
    [new Response("<html><body>Welcome<br></body></html>"), /OddAnswer, it is no XML: "<html>/],
    [endless, /OddAnswer, it has more than \d+ bytes/],
    [new Response("<R><UploadId>u1</UploadId>"), /OddAnswer/],
    [new Response("<R/>"), /has no UploadId; see that the endpoint is one of S3/],
  ];
  for (const [answer, pattern] of cases) {
    await withServer([answer], async (client) => {
      assert.match((await failureOf(create(client))).message, pattern);
    }, { maxTries: 2 });
  }
});

Deno.test("a server that does not answer in time is asked again, and that is told", async () => {
  const held = Promise.withResolvers<Response>();
  await withServer([() => held.promise, CREATED], async (client) => {
    assert.equal((await create(client)).isAlone, false);
    held.resolve(new Response());
  }, { timeoutMs: 50 });
  await withServer([CREATED], async (client) => assert.equal((await create(client)).isAlone, true));
});

Deno.test("a server that is not there is told from one that refuses", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const endpoint = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
  listener.close();
  const error = await failureOf(create(connectS3(ENV, { endpoint, maxTries: 2 })));
  assert.deepEqual([error.code, error.canRetry], ["ConnectionLost", true]);
  assert.match(error.message, /see whether the server is up/);
});

Deno.test("a wait ends at once when the caller or the client ends", async () => {
  const ending = new AbortController();
  const held = Promise.withResolvers<Response>();
  await withServer([() => held.promise], async (client) => {
    const asked = client.createUpload("a", { mark: "m", signal: ending.signal });
    ending.abort(new Error("The sink stops"));
    await assert.rejects(asked, /The sink stops/);
    const status = client.status("a");
    client.close();
    await assert.rejects(status, /The client is closed/);
    await assert.rejects(client.status("a"), /The client is closed/);
    held.resolve(new Response());
  });
  await withServer([refusal(503, "SlowDown")], async (client) => {
    const asked = client.createUpload("a", { mark: "m", signal: AbortSignal.timeout(50) });
    await assert.rejects(asked, /TimeoutError/);
  }, { backoffMs: 10_000 });
});

Deno.test("a server that knows no conditions is asked without them from then on", async () => {
  const conditions: (string | null)[] = [];
  const answer = (request: Request) => {
    conditions.push(request.headers.get("if-none-match"));
    return request.headers.has("if-none-match") ? refusal(501, "NotImplemented") : new Response();
  };
  await withServer([answer], async (client) => {
    await client.putEmpty("a", "m");
    await client.putEmpty("b", "m");
    assert.deepEqual(conditions, ["*", null, null]);
  });
});

Deno.test("uploads are listed page by page, and only those of the very key", async () => {
  const page = (keys: readonly string[], next: string) =>
    new Response(
      `<L><IsTruncated>${next !== ""}</IsTruncated><NextKeyMarker>${next}</NextKeyMarker>${
        keys.map((key, index) => `<Upload><Key>${key}</Key><UploadId>${index}</UploadId></Upload>`).join("")
      }</L>`,
    );
  await withServer([page(["a", "a"], "a&amp;"), page(["a", "ab"], "")], async (client, requests) => {
    const found = await client.listUploads("a");
    assert.deepEqual(found.map(({ key, uploadId }) => `${key}${uploadId}`), ["a0", "a1", "a0"]);
    assert.equal(new URL(requests[1]!).searchParams.get("key-marker"), "a&");
  });
});

/** The address and headers that a request would have. */
async function sentWith(change: Partial<S3Options>, key: string): Promise<{ url: string; headers: Headers }> {
  let sent: { url: string; headers: Headers } | undefined;
  const client = connectS3(ENV, {
    fetch: (url, { headers }) => {
      sent = { url, headers: new Headers(headers) };
      return Promise.resolve(new Response(null, { headers: { "content-length": "0" } }));
    },
    ...change,
  });
  await client.status(key);
  return sent!;
}

Deno.test("the bucket stands in the host's name or in the path, and keys are encoded as signatures want it", async () => {
  const endpoint = "https://s3.eu-west-1.amazonaws.com";
  const named = await sentWith({ endpoint, isPathStyle: false }, "logs/a b+c='(ü)*!.gz");
  assert.equal(
    named.url,
    "https://sluice.s3.eu-west-1.amazonaws.com/logs/a%20b%2Bc%3D%27%28%C3%BC%29%2A%21.gz",
  );
  const inPath = await sentWith({ endpoint: "http://gate:9000/s3/", isPathStyle: true }, "a");
  assert.equal(inPath.url, "http://gate:9000/s3/sluice/a");
});

Deno.test("a session token and the body's SHA-256 are signed with the rest", async () => {
  const credentials = { accessKeyId: "key", secretAccessKey: SECRET, sessionToken: "token" };
  const { headers } = await sentWith({ credentials }, "a");
  assert.equal(headers.get("x-amz-security-token"), "token");
  assert.match(
    headers.get("authorization")!,
    /^AWS4-HMAC-SHA256 Credential=key\/\d{8}\/us-east-1\/s3\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
  );
});

Deno.test("addresses, buckets and keys that lead elsewhere are refused before anything is asked", async () => {
  assert.throws(
    () => connectS3(ENV, { endpoint: "s3.example.org" }),
    /"s3\.example\.org" is no endpoint of S3/,
  );
  assert.throws(() => connectS3(ENV, { bucket: "a/b" }), /"a\/b" is no name of a bucket/);
  await assert.rejects(connectS3(ENV).status("a/../b"), /"a\/\.\.\/b" is no key to write to/);
});
