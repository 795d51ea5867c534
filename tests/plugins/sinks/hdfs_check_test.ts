import assert from "node:assert/strict";
import { denoSurroundings } from "../../../commands/_surroundings.ts";
import { compile } from "../../../compiler/compile.ts";
import { planText } from "../../../compiler/render/plan_views.ts";

/** What is found in a pipeline with such a sink. */
async function findings(fields: string, rest = "", stateRoot = "/state") {
  const text = `source: { type: stdin }\nsink:\n  type: hdfs\n  hdfs: { ${fields} }\n${rest}`;
  const { plan, diagnostics } = await compile(
    text,
    "/pipelines/p.yaml",
    denoSurroundings(undefined, stateRoot),
  );
  const told = diagnostics.map(({ code, severity, text, fix = "" }) => ({
    code,
    severity,
    text: `${text} (${fix})`,
  }));
  return { plan, told };
}

/** Settings that are right, and make large files. */
const FINE = "path: hdfs://nn/flume, fileType: DataStream, rollCount: 0, rollSize: 0, rollInterval: 1h";

/** Flume's properties, but for Kerberos. */
const FLUME = {
  "hdfs.path": "hdfs://nn/flume/%Y%m%d",
  "hdfs.filePrefix": "logs",
  "hdfs.fileSuffix": ".log",
  "hdfs.inUsePrefix": "_",
  "hdfs.inUseSuffix": ".open",
  "hdfs.emptyInUseSuffix": "true",
  "hdfs.rollInterval": "86400",
  "hdfs.rollSize": "0",
  "hdfs.rollCount": "0",
  "hdfs.idleTimeout": "600",
  "hdfs.batchSize": "1000",
  "hdfs.codeC": "gzip",
  "hdfs.fileType": "CompressedStream",
  "hdfs.maxOpenFiles": "100",
  "hdfs.minBlockReplicas": "1",
  "hdfs.writeFormat": "Text",
  "hdfs.threadsPoolSize": "5",
  "hdfs.rollTimerPoolSize": "2",
  "hdfs.proxyUser": "bob",
  "hdfs.closeTries": "3",
  "hdfs.retryInterval": "60",
  "hdfs.callTimeout": "10000",
  "hdfs.round": "true",
  "hdfs.roundValue": "10",
  "hdfs.roundUnit": "minute",
  "hdfs.timeZone": "Europe/Berlin",
  "hdfs.useLocalTimeStamp": "true",
  "hdfs.useRawLocalFileSystem": "true",
  "hdfs.append.support": "true",
  "serializer": "TEXT",
  "serializer.appendNewline": "false",
  "writeFormat.encoding": "UTF-8",
} as const;

const FAULTS: readonly (readonly [what: string, fields: string, text: RegExp])[] = [
  ["an escape that does not exist, with its column", "path: 'hdfs://nn/a/%Q'", /%Q/],
  ["a path that climbs out", "path: 'hdfs://nn/a/../b'", /\.\./],
  ["a path without a file system", "path: /flume/events", /core-site\.xml is not read.*nameNodes/],
  ["a scheme that is not known", "path: 'ftp://nn/flume'", /"ftp:\/\/" is not known/],
  ["an escape in the host", "path: 'hdfs://%{host}/flume'", /one sink has one target/],
  ["a bucket that is missing", "path: 's3:///flume'", /names no bucket/],
  [
    "a codec for DataStream",
    "path: hdfs://nn/a, fileType: DataStream, codeC: gzip",
    /DataStream is not compressed/,
  ],
  [
    "no codec for CompressedStream",
    "path: hdfs://nn/a, fileType: CompressedStream",
    /CompressedStream needs a codec/,
  ],
  ["a codec that does not exist", "path: hdfs://nn/a, codeC: rar", /rar/],
  ["Parquet without a schema", "path: hdfs://nn/a, fileType: Parquet", /schema/],
  ["a time zone that does not exist", "path: hdfs://nn/a, timeZone: Mars/Base", /no time zone "Mars\/Base"/],
  ["a rounding beyond its unit", "path: hdfs://nn/a, round: true, roundUnit: hour, roundValue: 25", /25/],
  ["rights that are no octal number", "path: hdfs://nn/a, permission: rw-r--r--", /octal/],
  ["a colon, which HDFS has in no name", "path: 'hdfs://nn/a/%H:%M'", /no colon/],
  ["a colon in a prefix", "path: 'hdfs://nn/a', filePrefix: 'a:b'", /no colon/],
  ["a suffix with a slash", "path: hdfs://nn/a, inUseSuffix: /x", /another folder/],
  ["a NameNode without a web address", "path: hdfs://nn/a, nameNodes: nn:9870", /no web address/],
  [
    "Kerberos without a token",
    "path: hdfs://nn/a, kerberosPrincipal: flume@EXAMPLE",
    /Kerberos is not spoken.*delegationToken.*Knox/,
  ],
];

for (const [what, fields, text] of FAULTS) {
  Deno.test(`hdfs sink refuses ${what}, before anything is started`, async () => {
    const { plan, told } = await findings(fields);
    assert.equal(plan, undefined);
    const errors = told.filter(({ severity }) => severity === "error");
    assert.ok(errors.some((error) => text.test(error.text)), JSON.stringify(told));
  });
}

Deno.test("hdfs sink takes Kerberos' names beside a delegation token", async () => {
  const { plan, told } = await findings(
    `${FINE}, kerberosPrincipal: flume, kerberosKeytab: /k, delegationToken: abc`,
  );
  assert.ok(plan);
  assert.deepEqual(told, []);
});

Deno.test("hdfs sink takes all properties that Flume's has, and tells which have no effect", async () => {
  const text = [
    "a.sources = s\na.channels = c\na.sinks = k\na.sources.s.type = seq\na.sources.s.channels = c",
    "a.channels.c.type = file\na.sinks.k.type = hdfs\na.sinks.k.channel = c",
    ...Object.entries(FLUME).map(([key, value]) => `a.sinks.k.${key} = ${value}`),
  ].join("\n");
  const { plan, diagnostics } = await compile(
    text,
    "/pipelines/a.conf",
    denoSurroundings(undefined, "/state"),
  );
  assert.ok(plan, JSON.stringify(diagnostics));
  assert.deepEqual(
    diagnostics.map(({ severity, code, text }) => `${severity} ${code} ${/"(\w+\.[\w.]+)"/.exec(text)?.[1]}`),
    [
      "note ignored-field hdfs.batchSize",
      "note ignored-field hdfs.minBlockReplicas",
      "note ignored-field hdfs.rollTimerPoolSize",
      "note ignored-field hdfs.useRawLocalFileSystem",
      "note ignored-field hdfs.append.support",
      "warning unknown-field hdfs.writeFormat",
    ],
  );
});

Deno.test("hdfs sink refuses appends to what cannot grow", async () => {
  const { told } = await findings("path: s3://bucket/a, fileType: DataStream", "  durable: append");
  assert.ok(told.some(({ severity, text }) => severity === "error" && /cannot grow by appends/.test(text)));
});

Deno.test("hdfs sink warns of small files and of a port that it does not use, with what to write", async () => {
  const { plan, told } = await findings("path: 'hdfs://nn:8020/a/%H'");
  assert.ok(plan);
  const warnings = told.filter(({ code }) => code === "doubtful-settings").map(({ text }) => text);
  assert.equal(warnings.length, 2);
  assert.match(warnings.find((text) => text.includes("8020"))!, /http:\/\/nn:9870/);
  assert.match(warnings.find((text) => text.includes("tenth of a block"))!, /set rollCount to 0/);
});

Deno.test("hdfs sink warns when nothing would close the last file", async () => {
  const never = FINE.replace("rollInterval: 1h", "rollInterval: 0");
  const { plan, told } = await findings(never);
  assert.ok(plan);
  assert.deepEqual(told.map(({ code }) => code), ["doubtful-settings"]);
  assert.match(told[0]!.text, /stays unfinished until the agent stops.*set idleTimeout or rollInterval/);
  assert.deepEqual((await findings(`${never}, idleTimeout: 1m`)).told, []);
});

Deno.test("hdfs sink tells half of a pair of S3 credentials, and of small files without speaking of blocks", async () => {
  const keys = "  s3: { region: eu-central-1, accessKeyId: AK, secretAccessKey: '${S3_SECRET:-x}' }\n";
  const half = "  s3: { region: eu-central-1, accessKeyId: AK }\n";
  const large = FINE.replace("hdfs://nn", "s3://bucket");
  assert.deepEqual((await findings(large, keys)).told, []);
  const { plan, told } = await findings(large, half);
  assert.equal(plan, undefined);
  assert.ok(told.some(({ severity, text }) => severity === "error" && /No s3\.secretAccessKey/.test(text)));
  const small = (await findings("path: 's3://bucket/a'", keys)).told.map(({ text }) => text).join();
  assert.match(small, /a good size for queries/);
  assert.doesNotMatch(small, /block/);
});

Deno.test("hdfs sink warns of nothing where files are large, or lie on a local disk", async () => {
  assert.deepEqual((await findings(FINE)).told, []);
  assert.deepEqual((await findings("path: file:///tmp/flume, fileType: DataStream")).told, []);
});

Deno.test("hdfs sink warns of a state folder that a restart empties, unless nothing is staged", async () => {
  const { told } = await findings(FINE, "", "/tmp/state");
  assert.match(told.map(({ text }) => text).join(), /"\/tmp\/state\/p" does not outlive a restart/);
  assert.deepEqual((await findings(FINE, "  durable: append", "/tmp/state")).told, []);
});

Deno.test("plan shows how many files a day the hdfs sink will make", async () => {
  const { plan } = await findings(FINE);
  assert.match(
    planText(plan!),
    /sink sink \(hdfs\).*\n\s+files a day and partition.*\n\s+at 1 event\/s: 1 to 25; evenly 24 /,
  );
});
