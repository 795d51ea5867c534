import assert from "node:assert/strict";
import { ConfigError, metaOf } from "sluice/plugin";
import {
  missingCredential,
  openS3Store,
  placeOfBucket,
  s3Fields,
  type S3Settings,
} from "../../../../../plugins/sinks/_hdfs/stores/s3_settings.ts";
import type { HdfsSettings } from "../../../../../plugins/sinks/_hdfs/fields.ts";
import { openTarget } from "../../../../../plugins/sinks/_hdfs/target.ts";
import { targetNeeds } from "../../../../../plugins/sinks/_hdfs/target_needs.ts";
import { permissionFlags } from "../../../../../compiler/permissions.ts";
import { planOf } from "../../../../compiler/_around.ts";
import { patternBytes, slicesOf } from "../../../../support/byte_slices.ts";
import { testContext } from "../../../../support/context.ts";
import { withFolder } from "../../rolling.ts";
import { OWN_AUTHORITY, OWN_IDENTITY } from "../authority.ts";

const NEVER = new AbortController().signal;
const plain: S3Settings = { "s3.checksum": "none" };

/** The variables that there are. */
function withEnv<T>(env: Readonly<Record<string, string>>, use: () => T): T {
  const before = Deno.env.toObject();
  for (const name of Object.keys(before).filter((name) => name.startsWith("AWS_"))) Deno.env.delete(name);
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  try {
    return use();
  } finally {
    for (const name of Object.keys(env)) Deno.env.delete(name);
    for (const [name, value] of Object.entries(before)) Deno.env.set(name, value);
  }
}

Deno.test("credentials that neither a field nor a variable gives are named", () => {
  const missing = (settings: Partial<S3Settings>, env: Record<string, string> = {}) =>
    missingCredential({ ...plain, ...settings }, (name) => env[name]);
  const text = "No credentials for S3";
  assert.equal(missing({})!.text, text);
  assert.match(
    missing({})!.fix,
    /^set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write s3\.accessKeyId/,
  );
  assert.match(missing({}, { AWS_ACCESS_KEY_ID: "AK" })!.fix, /^set AWS_SECRET_ACCESS_KEY, or/);
  assert.equal(missing({}, { AWS_ACCESS_KEY_ID: "AK", AWS_SECRET_ACCESS_KEY: "SK" }), undefined);
  assert.equal(missing({ "s3.accessKeyId": "AK", "s3.secretAccessKey": "SK" }), undefined);
});

Deno.test("a bucket is found by its region, by an endpoint, and by Amazon's variables", () => {
  const place = (settings: Partial<S3Settings>, env: Record<string, string> = {}, bucket = "logs") => {
    const { endpoint, region, isPathStyle, host } = placeOfBucket(
      bucket,
      { ...plain, ...settings },
      (name) => env[name],
    );
    return [endpoint, region, isPathStyle, host];
  };
  const amazon = "https://s3.eu-west-1.amazonaws.com";
  const found = [amazon, "eu-west-1", false, "logs.s3.eu-west-1.amazonaws.com:443"];
  assert.deepEqual(place({ "s3.region": "eu-west-1" }), found);
  assert.deepEqual(place({}, { AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "x" }), found);
  assert.deepEqual(
    place({}, { AWS_REGION: "", AWS_DEFAULT_REGION: "eu-west-1", AWS_ENDPOINT_URL: "" }),
    found,
  );
  assert.deepEqual(place({ "s3.region": "eu-west-1" }, {}, "a.b"), [
    amazon,
    "eu-west-1",
    true,
    "s3.eu-west-1.amazonaws.com:443",
  ]);
  assert.deepEqual(place({ "s3.region": "cn-north-1" })[0], "https://s3.cn-north-1.amazonaws.com.cn");
  const own = "http://minio:9000";
  assert.deepEqual(place({ "s3.endpoint": own }), [own, "us-east-1", true, "minio:9000"]);
  assert.deepEqual(place({}, { AWS_ENDPOINT_URL_S3: own, AWS_ENDPOINT_URL: "http://x" }), [
    own,
    "us-east-1",
    true,
    "minio:9000",
  ]);
  assert.deepEqual(place({ "s3.endpoint": own, "s3.pathStyle": false })[3], "logs.minio:9000");
  assert.throws(
    () => place({}),
    /ConfigError: Nothing says in which region bucket "logs" is: write s3\.region/,
  );
  assert.throws(() => place({ "s3.region": "eu west" }), /"eu west" is no region/);
});

Deno.test("credentials are all of the fields or all of the variables, and half of them is told", async () => {
  await withFolder((stateDir) => {
    const open = (settings: Partial<S3Settings>, env: Record<string, string> = {}) =>
      withEnv(
        env,
        () =>
          openS3Store({ bucket: "logs", prefix: "", timeoutMs: 1000 }, {
            ...plain,
            "s3.region": "eu-west-1",
            ...settings,
          }, {
            stateDir,
            log: testContext().log,
          }).close(),
      );
    open({ "s3.accessKeyId": "a", "s3.secretAccessKey": "b" });
    open({}, { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_SESSION_TOKEN: "c" });
    const secret = { AWS_SECRET_ACCESS_KEY: "b" };
    const cases: readonly [Partial<S3Settings>, Record<string, string>, RegExp][] = [
      [{}, {}, /No credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write s3/],
      [{}, { AWS_ACCESS_KEY_ID: "a" }, /set AWS_SECRET_ACCESS_KEY, or write s3/],
      [{ "s3.accessKeyId": "a" }, secret, /No s3\.secretAccessKey is given: write it beside the other one/],
      [{ "s3.secretAccessKey": "a" }, secret, /No s3\.accessKeyId is given/],
    ];
    for (const [settings, env, pattern] of cases) {
      assert.throws(
        () => open(settings, env),
        (cause) => cause instanceof ConfigError && pattern.test(cause.message),
      );
    }
    return Promise.resolve();
  });
});

Deno.test("secrets of S3 are marked as such", () => {
  const secret = Object.entries(s3Fields).filter(([, field]) => metaOf(field).secret).map(([key]) => key);
  assert.deepEqual(secret, ["s3.secretAccessKey", "s3.sessionToken"]);
});

Deno.test("a server's own certificate authority is trusted when it is given, only then", async () => {
  const marks = new Map<string, string | null>();
  const serving = { hostname: "127.0.0.1", port: 0, onListen: () => {}, ...OWN_IDENTITY };
  await using server = Deno.serve(serving, ({ url, method, headers }) => {
    const { pathname } = new URL(url);
    if (method === "PUT") marks.set(pathname, headers.get("x-amz-meta-sluice-upload"));
    return new Response(null, { status: marks.has(pathname) ? 200 : 404 });
  });
  const settings = {
    ...plain,
    "s3.endpoint": `https://localhost:${server.addr.port}`,
    "s3.accessKeyId": "a",
    "s3.secretAccessKey": "b",
  };
  await withFolder(async (stateDir) => {
    const target = { bucket: "logs", prefix: "p", timeoutMs: 5000 };
    const context = { stateDir: `${stateDir}/new`, log: testContext().log };
    const store = openS3Store({ ...target, caCerts: [OWN_AUTHORITY] }, settings, context);
    const upload = await store.put("a", slicesOf(patternBytes(0)), NEVER);
    assert.equal(await store.publish(upload, "a"), "done");
    store.close();
    Deno.writeTextFileSync(`${stateDir}/ca.pem`, OWN_AUTHORITY);
    const fields = { ...settings, "hdfs.path": "s3://logs/", "hdfs.nameNodes": [], "hdfs.callTimeout": 5000 };
    const opened = await openTarget(
      { ...fields, "hdfs.caFile": `${stateDir}/ca.pem` } as unknown as HdfsSettings,
      testContext({ stateDir }),
    );
    assert.equal(await opened.publish(await opened.put("c", slicesOf(patternBytes(0)), NEVER), "c"), "done");
    opened.close();
    const stranger = openS3Store(target, settings, context);
    await assert.rejects(
      stranger.publish({ path: "b", bytes: 0, id: "m" }, "b"),
      /BadCertificate, .*certificate.*; give the certificate of its authority/,
    );
    stranger.close();
    assert.deepEqual([...marks.keys()], ["/logs/p/a", "/logs/c"]);
  });
});

Deno.test("a sandbox lets a sink reach its folder, its bucket's server, or all of HDFS", async () => {
  const settingsFor = (target: string) => {
    return {
      ...plain,
      "s3.region": "eu-west-1",
      "hdfs.path": target,
      "hdfs.nameNodes": [],
    } as unknown as HdfsSettings;
  };
  const plan = await planOf(
    "source: { type: probe, port: 4711, bind: 127.0.0.1 }\nsink: { type: store, directory: /srv }",
  );
  const flagsFor = (target: string) => {
    const takers = plan.takers.map((taker) => ({
      ...taker,
      sinks: taker.sinks.map((sink) => ({
        ...sink,
        plugin: { ...sink.plugin, needs: () => targetNeeds(settingsFor(target)) },
      })),
    }));
    return permissionFlags({ ...plan, takers }, {
      file: "p.yaml",
      uses: { env: [], files: [], modules: [] },
    });
  };
  assert.ok(
    flagsFor("file:///var/out/%Y/%{host}").includes("--allow-write=/srv,/var/lib/sluice/plant,/var/out"),
  );
  const s3 = flagsFor("s3://logs/%Y");
  assert.ok(s3.includes("--allow-net=127.0.0.1:4711,logs.s3.eu-west-1.amazonaws.com:443"));
  assert.match(s3.join(" "), /--allow-env=\S*AWS_SECRET_ACCESS_KEY/);
  const hdfs = flagsFor("hdfs://nn/flume/%Y");
  assert.ok(hdfs.includes("--allow-net") && hdfs.includes("--allow-env=HADOOP_USER_NAME,USER"));
  assert.ok(hdfs.includes("--allow-sys=hostname,networkInterfaces"));
});
