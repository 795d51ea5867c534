import assert from "node:assert/strict";
import { S3Client } from "../../../../../protocols/s3/s3_client.ts";
import { S3Error } from "../../../../../protocols/s3/s3_error.ts";
import { sharedServerTest } from "../../../../servers/mod.ts";
import { brokenAfter, patternBytes, silentAfter, slicesOf } from "../../../../support/byte_slices.ts";
import { connectS3, openS3 } from "../../../../support/s3.ts";

const NEVER = new AbortController().signal;
const PART_BYTES = 8 * 1024 * 1024;
const s3Test = sharedServerTest("s3");

s3Test("an object is there, whole, once it is published, and not before", async ({ env }) => {
  await using bench = openS3(env);
  for (const bytes of [0, 1, PART_BYTES, PART_BYTES + 1, 2.5 * PART_BYTES]) {
    const [path, content] = [`day=1/of ${bytes}`, patternBytes(bytes)];
    const upload = await bench.store.put(path, slicesOf(content), NEVER);
    assert.equal(upload.bytes, bytes);
    assert.equal(await bench.client.status(`${bench.prefix}/${path}`), undefined);
    assert.equal(await bench.store.publish(JSON.parse(JSON.stringify(upload)), path), "done");
    const found = Deno.readFileSync(`${env.S3_FOLDER}/${bench.prefix}/${path}`);
    assert.ok(content.length === found.length && content.every((byte, at) => byte === found[at]), path);
    assert.deepEqual(await bench.client.listUploads(`${bench.prefix}/${path}`), []);
  }
});

s3Test(
  "checksums of each kind are what the server wants of parts, wholes and empty objects",
  async ({ env }) => {
    for (const checksum of ["crc32", "md5"] as const) {
      await using bench = openS3(env, { change: { checksum } });
      for (const bytes of [0, PART_BYTES + 1]) {
        const upload = await bench.store.put(`of ${bytes}`, slicesOf(patternBytes(bytes)), NEVER);
        assert.equal(await bench.store.publish(upload, `of ${bytes}`), "done");
      }
    }
  },
);

s3Test("names with signs of all kinds are kept", async ({ env }) => {
  await using bench = openS3(env);
  for (const path of ["a b+c%20&d=e?f#g", "'(ü)*!~@:,;$^{}", "день/日志.gz"]) {
    await bench.store.publish(await bench.store.put(path, slicesOf(new Uint8Array(3)), NEVER), path);
    assert.equal(Deno.statSync(`${env.S3_FOLDER}/${bench.prefix}/${path}`).size, 3);
  }
});

s3Test(
  "publishing again is done again; another object's name is taken; what was discarded is gone",
  async ({ env }) => {
    await using bench = openS3(env);
    for (const bytes of [0, 5]) {
      const path = `of ${bytes}`;
      const send = () => bench.store.put(path, slicesOf(patternBytes(bytes)), NEVER);
      const [first, second] = [await send(), await send()];
      const outcomes = [];
      for (const upload of [first, first, second, first]) {
        outcomes.push(
          await bench.store.publish(upload, path),
        );
      }
      assert.deepEqual(outcomes, ["done", "done", "taken", "done"]);
      await bench.store.discard(second);
      await bench.store.discard(second);
      assert.deepEqual(await bench.client.listUploads(`${bench.prefix}/${path}`), []);
    }
    const lost = await bench.store.put("lost", slicesOf(patternBytes(5)), NEVER);
    await bench.store.discard(lost);
    assert.equal(await bench.store.publish(lost, "lost"), "gone");
    await assert.rejects(bench.store.publish(lost, "other"), /"lost" cannot become "other"/);
  },
);

s3Test("the name is taken, also by one who came between the look and the last request", async ({ env }) => {
  await using bench = openS3(env);
  const rival = connectS3(env);
  let [isRivalLate, path] = [true, ""];
  await using late = openS3(env, {
    place: bench,
    change: {
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        if (init.method === "HEAD" && isRivalLate) await rival.putEmpty(`${bench.prefix}/${path}`, "rival");
        isRivalLate &&= init.method !== "HEAD";
        return response;
      },
    },
  });
  for (const bytes of [0, 5]) {
    isRivalLate = true;
    path = `of ${bytes}`;
    const upload = await late.store.put(path, slicesOf(patternBytes(bytes)), NEVER);
    assert.equal(await late.store.publish(upload, path), "taken");
    assert.equal((await rival.status(`${bench.prefix}/${path}`))?.mark, "rival");
  }
});

s3Test(
  "what broke or was aborted leaves nothing in the bucket, also while its source is silent",
  async ({ env }) => {
    await using bench = openS3(env);
    const content = patternBytes(PART_BYTES + 1);
    await assert.rejects(bench.store.put("broken", brokenAfter(content), NEVER), /The stage broke/);
    const ending = new AbortController();
    // Then the client has the answer about its upload, which others may see before.
    const [sending, { uploadPart }] = [Promise.withResolvers<void>(), S3Client.prototype];
    S3Client.prototype.uploadPart = function (...args) {
      sending.resolve();
      return uploadPart.apply(this, args);
    };
    const silent = bench.store.put("silent", silentAfter(content), ending.signal);
    await sending.promise.finally(() => S3Client.prototype.uploadPart = uploadPart);
    ending.abort(new Error("The sink stops"));
    await assert.rejects(silent, /The sink stops/);
    for (const path of ["broken", "silent"]) {
      assert.deepEqual(await bench.client.listUploads(`${bench.prefix}/${path}`), []);
    }
    assert.equal(Deno.readTextFileSync(bench.notesPath), "[]");
  },
);

s3Test("a key, secret or bucket that is not right is told, without the secret", async ({ env }) => {
  const secretAccessKey = "open-sesame-9";
  const cases = [
    [
      { credentials: { accessKeyId: env.S3_ACCESS_KEY_ID!, secretAccessKey } },
      /SignatureDoesNotMatch.*secret access key/,
    ],
    [{ credentials: { accessKeyId: "nobody", secretAccessKey } }, /InvalidAccessKeyId.*access key ID/],
    [{ bucket: "none-such" }, /NoSuchBucket.*create the bucket/],
  ] as const;
  for (const [change, pattern] of cases) {
    await using bench = openS3(env, { change });
    const put = bench.store.put("a", slicesOf(new Uint8Array(3)), NEVER);
    await assert.rejects(put, (cause: unknown) => {
      assert.ok(cause instanceof S3Error && !cause.canRetry);
      assert.match(cause.message, pattern);
      return !cause.message.includes(secretAccessKey);
    });
  }
});
