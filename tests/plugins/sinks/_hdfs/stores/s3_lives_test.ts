import assert from "node:assert/strict";
import { serverTest, sharedServerTest } from "../../../../servers/mod.ts";
import { patternBytes, slicesOf } from "../../../../support/byte_slices.ts";
import { runUntilKilled } from "../../../../support/killed_program.ts";
import { openS3 } from "../../../../support/s3.ts";
import { until } from "../../../../support/until.ts";

const NEVER = new AbortController().signal;
const PROGRAM = new URL("./put_program.ts", import.meta.url);
const BYTES = 8 * 1024 * 1024 + 1;
const s3Test = sharedServerTest("s3");

s3Test(
  "a killed process leaves no object, and the next start takes away its upload but not one that is to be published",
  async ({ env }) => {
    await using bench = openS3(env);
    const { client, prefix } = bench;
    const uploadsOf = async (path: string) => (await client.listUploads(`${prefix}/${path}`)).length;
    const wanted = await bench.store.put("wanted", slicesOf(patternBytes(BYTES)), NEVER);
    const place = { prefix, notesPath: bench.notesPath };
    await runUntilKilled(PROGRAM, {
      argument: { env, place, path: "left", bytes: BYTES },
      until: () => until("an upload", async () => await uploadsOf("left") === 1, 30_000),
    });
    assert.equal(await client.status(`${prefix}/left`), undefined);
    await using next = openS3(env, { place });
    await next.store.begin([wanted]);
    await until("the upload to be gone", async () => await uploadsOf("left") === 0);
    assert.deepEqual([await uploadsOf("left"), await uploadsOf("wanted")], [0, 1]);
    assert.equal(await next.store.publish(wanted, "wanted"), "done");
    assert.equal(Deno.readTextFileSync(place.notesPath), "[]");
  },
);

s3Test("notes that cannot be understood are forgotten", async ({ env }) => {
  await using bench = openS3(env);
  Deno.writeTextFileSync(bench.notesPath, "\0\0\0");
  await using next = openS3(env, { place: bench });
  await next.store.begin([]);
  assert.equal(
    await next.store.publish(await next.store.put("a", slicesOf(new Uint8Array(1)), NEVER), "a"),
    "done",
  );
});

serverTest(["s3", "readers"], "an SDK of Amazon reads what was put, by name and by list", async (env) => {
  await using bench = openS3(env, { change: { checksum: "crc32" } });
  const sizes: Record<string, number> = { "day=1/größe 1": 1, "day=1/two parts": BYTES, "day=2/empty": 0 };
  for (const [path, bytes] of Object.entries(sizes)) {
    const upload = await bench.store.put(path, slicesOf(patternBytes(bytes)), NEVER);
    await bench.store.publish(upload, path);
  }
  await bench.store.put("day=2/unpublished", slicesOf(new Uint8Array(1)), NEVER);
  const script = `
import hashlib, json, sys
from pyarrow import fs
at = json.loads(sys.argv[1])
s3 = fs.S3FileSystem(access_key=at["key"], secret_key=at["secret"], endpoint_override=at["endpoint"], scheme="http")
root = at["root"]
found = {}
for info in s3.get_file_info(fs.FileSelector(root, recursive=True)):
    if info.type == fs.FileType.File:
        with s3.open_input_stream(info.path) as file:
            found[info.path[len(root) + 1:]] = hashlib.sha256(file.read()).hexdigest()
print(json.dumps(found))`;
  const argument = {
    key: env.S3_ACCESS_KEY_ID,
    secret: env.S3_SECRET_ACCESS_KEY,
    endpoint: new URL(env.S3_ENDPOINT!).host,
    root: `${env.S3_BUCKET}/${bench.prefix}`,
  };
  const { stdout, stderr } = await new Deno.Command(env.READERS_PYTHON!, {
    args: ["-c", script, JSON.stringify(argument)],
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  const expected: Record<string, string> = {};
  for (const [path, bytes] of Object.entries(sizes)) expected[path] = await sha256(patternBytes(bytes));
  assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), expected);
});

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
