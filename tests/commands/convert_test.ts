import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { folderWith, sluice } from "./_program.ts";

const HBASE_CONF = `
a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = seq
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = hbase2
a1.sinks.k1.table = events
a1.sinks.k1.columnFamily = e
a1.sinks.k1.channel = c1
`;
const CONFS = fileURLToPath(new URL("../data/flume/confs/", import.meta.url));

Deno.test("convert writes a YAML file that compiles to the same plan, and keeps the comments", async () => {
  await using folder = await folderWith({});
  const { path } = folder;
  const conf = `${CONFS}07-netcat-load-balance-to-two-avro.conf`;
  const { code, stdout, stderr } = await sluice(["convert", conf, "--name", "a1", "-o", "a1.yaml"], {
    cwd: path,
  });
  assert.deepEqual([code, stdout], [0, ""], stderr);
  const planOf = async (file: string) => {
    const { stdout } = await sluice(["plan", "--format", "json", "--state-dir", "s", "--name", "a1", file], {
      cwd: path,
    });
    return JSON.parse(stdout);
  };
  assert.deepEqual(await planOf("a1.yaml"), await planOf(conf));
  assert.match(await Deno.readTextFile(`${path}/a1.yaml`), /^# Converted from 07/);
});

Deno.test("convert prints to standard output, overwrites nothing, and tells where the state of the old file lies", async () => {
  await using folder = await folderWith({ "there.yaml": "mine" });
  const { path } = folder;
  const env = { SLUICE_STATE_DIR: `${path}/state` };
  const conf = `${CONFS}01-netcat-to-logger.conf`;
  const first = await sluice(["convert", conf], { cwd: path, env });
  assert.equal(first.code, 0);
  assert.match(first.stdout, /^name: a1$/m);
  assert.doesNotMatch(first.stderr, /--state-dir/);
  await Deno.mkdir(`${path}/state/a1`, { recursive: true });
  const second = await sluice(["convert", conf, "-o", "there.yaml"], { cwd: path, env });
  assert.equal(second.code, 3);
  assert.match(second.stderr, /"there\.yaml" exists already/);
  assert.equal(await Deno.readTextFile(`${path}/there.yaml`), "mine");
  const third = await sluice(["convert", conf], { cwd: path, env });
  assert.match(third.stderr, /note: .* add: --state-dir .*\/state\/a1\n/);
});

Deno.test("convert of what cannot run here writes it all the same, and ends with 1", async () => {
  await using folder = await folderWith({ "hbase.conf": HBASE_CONF });
  const { code, stdout, stderr } = await sluice(["convert", "hbase.conf"], { cwd: folder.path });
  assert.equal(code, 1);
  assert.match(stdout, /type: hbase2/);
  assert.match(stderr, /error not-built/);
  const missing = await sluice(["convert", "missing.conf"]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /Cannot read "missing\.conf"/);
});
