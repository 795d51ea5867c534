import assert from "node:assert/strict";
import { folderWith, sluice } from "./_program.ts";

const PIPELINE = `name: shop
stateDir: state
source:
  type: http
  bind: 127.0.0.1
  port: 8080
  tokens: [very-secret]
interceptors:
  - { type: host }
sink: { type: file_roll, directory: out }
`;

Deno.test("plan shows the way of an event, secrets masked, in four languages", async () => {
  await using folder = await folderWith({ "shop.yaml": PIPELINE });
  const show = async (...more: string[]) => {
    const { code, stdout, stderr } = await sluice(["plan", "shop.yaml", ...more], { cwd: folder.path });
    assert.equal(code, 0, stderr);
    assert.ok(!stdout.includes("very-secret"));
    return stdout;
  };
  const text = await show();
  assert.ok(text.startsWith(`pipeline shop\nstate    ${folder.path}/state\n`), text);
  assert.match(text, /^source source \(http\) .*tokens=/m);
  assert.equal((JSON.parse(await show("--format", "json")) as { name: string }).name, "shop");
  assert.match(await show("--format", "mermaid"), /^flowchart LR\n/);
  assert.match(await show("--format", "graphviz"), /^digraph "shop" \{\n/);
});

Deno.test("plan of a broken file prints no plan, and ends with 1", async () => {
  await using folder = await folderWith({ "broken.yaml": "source: { type: stdin }\n" });
  const { code, stdout, stderr } = await sluice(["plan", "broken.yaml"], { cwd: folder.path });
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /error no-sink: /);
});

Deno.test("cautions about the state folder speak of the one that counts", async () => {
  const sink =
    "{ type: hdfs, hdfs: { path: 'hdfs://nn/x', fileType: DataStream, rollInterval: 1h, rollSize: 0, rollCount: 0 } }";
  await using folder = await folderWith({ "logs.yaml": `source: { type: stdin }\nsink: ${sink}\n` });
  const told = async (...more: string[]) => {
    const env = { HOME: "/tmp/home" };
    const { stdout, stderr } = await sluice(["plan", "logs.yaml", ...more], { cwd: folder.path, env });
    return { stateDir: /^state +(.*)$/m.exec(stdout)![1]!, stderr };
  };
  const { stateDir, stderr } = await told();
  assert.ok(stderr.includes(`the state folder "${stateDir}" does not outlive`), stderr);
  assert.deepEqual(await told("--state-dir", "/var/lib/logs"), { stateDir: "/var/lib/logs", stderr: "" });
});

Deno.test("state of two files with one name lies in two folders, unless the environment or an option says where", async () => {
  await using one = await folderWith({ "web.yaml": "source: { type: stdin }\nsink: { type: stdout }\n" });
  await using other = await folderWith({ "web.yaml": "source: { type: stdin }\nsink: { type: stdout }\n" });
  const stateOf = async (cwd: string, env: Record<string, string>, ...more: string[]) => {
    const { stdout } = await sluice(["plan", "web.yaml", ...more], {
      cwd,
      env: { SLUICE_STATE_DIR: "", ...env },
    });
    return /^state +(.*)$/m.exec(stdout)![1]!;
  };
  const home = { HOME: one.path };
  const [first, second] = [await stateOf(one.path, home), await stateOf(other.path, home)];
  assert.match(first, /\/\.sluice\/web-[0-9a-f]{8}$/);
  assert.match(second, /\/\.sluice\/web-[0-9a-f]{8}$/);
  assert.notEqual(first, second);
  assert.equal(await stateOf(one.path, { SLUICE_STATE_DIR: "/var/lib/sluice" }), "/var/lib/sluice/web");
  assert.equal(await stateOf(one.path, home, "--state-dir", "here"), `${one.path}/here`);
});

Deno.test("schema is a JSON Schema that knows the plugins and their fields", async () => {
  const { code, stdout } = await sluice(["schema"]);
  assert.equal(code, 0);
  assert.match((JSON.parse(stdout) as { $schema: string }).$schema, /json-schema\.org/);
  assert.match(stdout, /"sink\.rollInterval"/);
});

Deno.test("bench measures the inside of a pipeline without touching its ends", async () => {
  const text = `source: { type: taildir, filegroups: { logs: /nonexistent/.*\\.log } }
interceptors: [{ type: regex_filter, regex: " 500 ", excludeEvents: true }]
sink: { type: file_roll, directory: out }
`;
  await using folder = await folderWith({ "tail.yaml": text, "sample.log": "GET / 200 \nGET /pay 500 \n" });
  const args = ["bench", "--time", "50ms", "--runs", "2", "--sample", "sample.log", "tail.yaml"];
  const { code, stdout, stderr } = await sluice([...args, "--json"], { cwd: folder.path });
  assert.equal(code, 0, stderr);
  const { runs } = JSON.parse(stdout) as { runs: { events: number; deliveredEvents: number }[] };
  assert.equal(runs.length, 2);
  for (const { events, deliveredEvents } of runs) assert.ok(events > 0 && deliveredEvents * 2 === events);
  assert.deepEqual(Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort(), [
    "sample.log",
    "tail.yaml",
  ]);
  assert.match(
    (await sluice(args, { cwd: folder.path })).stdout,
    /^ +min +median +max\nevents\/s in +[\d,]+ /,
  );
});
