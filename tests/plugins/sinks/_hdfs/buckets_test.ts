import assert from "node:assert/strict";
import { EventBatch, systemClock } from "sluice/plugin";
import { Buckets, type BucketSettings } from "../../../../plugins/sinks/_hdfs/buckets.ts";

const SETTINGS: BucketSettings = {
  path: "flume/%{kind}",
  filePrefix: "FlumeData",
  inUsePrefix: "",
  inUseSuffix: ".tmp",
  isAlwaysApart: false,
  end: ".gz",
  useLocalTimeStamp: false,
  host: { name: "web7", address: "10.1.2.3", fqdn: "web7.example.org" },
  headerSlashes: "encode",
};

/** Sets names in use of one sink apart from those of others. */
const MARK = /\.[0-9a-f]{6}(?=\.gz)/;

/** The paths of the files that events of some kinds go to, the counter left out. */
function pathsOf(settings: Partial<BucketSettings>, kinds: readonly string[]): string[] {
  const buckets = new Buckets({ ...SETTINGS, ...settings }, { ...systemClock, now: () => 1_700_000_000_000 });
  const batch = EventBatch.from(kinds.map((kind) => ({ headers: { kind }, body: "" })));
  return buckets.split(batch).map(({ bucket }) => buckets.nextNames(bucket).inUse.replace(MARK, ""));
}

Deno.test("hdfs buckets: slashes in the values of headers are encoded, or part folders below the path", () => {
  const kinds = ["a/b", "../c"];
  assert.deepEqual(pathsOf({}, kinds), [
    "flume/a%2Fb/FlumeData.1700000000001.gz.tmp",
    "flume/%2E.%2Fc/FlumeData.1700000000001.gz.tmp",
  ]);
  assert.deepEqual(pathsOf({ headerSlashes: "folders" }, kinds), [
    "flume/a/b/FlumeData.1700000000001.gz.tmp",
    "flume/%2E./c/FlumeData.1700000000001.gz.tmp",
  ]);
});

Deno.test("hdfs buckets: a value in the prefix never makes a folder", () => {
  const settings = { path: "flume", filePrefix: "x-%{kind}", headerSlashes: "folders" } as const;
  assert.deepEqual(pathsOf(settings, ["a/b"]), ["flume/x-a%2Fb.1700000000001.gz.tmp"]);
});

Deno.test("hdfs buckets: two long values make names that fit, and stay apart", () => {
  const settings = { path: "flume", filePrefix: "%{kind}", inUsePrefix: "_%{kind}" };
  const long = "ä".repeat(99);
  const paths = pathsOf(settings, [`${long}a`, `${long}b`, "c"]);
  assert.equal(new Set(paths).size, 3);
  for (const path of paths) {
    assert.match(path, /^flume\/_.*\.gz\.tmp$/);
    assert.ok(new TextEncoder().encode(path).length <= "flume/".length + 255, path);
  }
  assert.equal(paths[2], "flume/_cc.1700000000001.gz.tmp");
});

Deno.test("hdfs buckets: %z and UTC keep the hour apart that comes twice when clocks go back", () => {
  const first = Date.parse("2026-10-25T00:30Z");
  const batch = EventBatch.from(
    [0, 3_600_000].map((ms) => ({ headers: { timestamp: `${first + ms}` }, body: "" })),
  );
  const folders = (path: string, timeZone: string) =>
    new Buckets({ ...SETTINGS, path, timeZone }, systemClock).split(batch).map(({ bucket }) =>
      bucket.split("\0")[0]
    );
  assert.deepEqual(folders("%d-%H", "Europe/Berlin"), ["25-02"]);
  assert.deepEqual(folders("%d-%H%z", "Europe/Berlin"), ["25-02+0200", "25-02+0100"]);
  assert.deepEqual(folders("%d-%H", "UTC"), ["25-00", "25-01"]);
});

Deno.test("hdfs buckets: two sinks with the same settings never use the same name at once", () => {
  const namesOf = (settings: Partial<BucketSettings>) =>
    new Buckets({ ...SETTINGS, path: "flume", ...settings }, { ...systemClock, now: () => 5 }).nextNames(
      "flume\0FlumeData\0",
    );
  const [one, other] = [namesOf({}), namesOf({})];
  assert.equal(one.stem, other.stem);
  assert.notEqual(one.inUse, other.inUse);
  assert.match(one.inUse, MARK);
  // Where names in use are the final ones, they stay what Flume makes them.
  assert.equal(namesOf({ inUseSuffix: "" }).inUse, "flume/FlumeData.6.gz");
  assert.match(
    namesOf({ inUseSuffix: "", isAlwaysApart: true }).inUse,
    /^flume\/FlumeData\.6\.[0-9a-f]{6}\.gz\.tmp$/,
  );
});
