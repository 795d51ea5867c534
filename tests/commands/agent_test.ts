import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { folderWith, Program, sluice } from "./_program.ts";

/** An agent that writes to a folder what it gets by http, or nowhere. */
function conf(folder: string, more = ""): string {
  return `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = http
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = 0
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = file_roll
a1.sinks.k1.sink.directory = ${folder}
a1.sinks.k1.channel = c1
${more}`;
}

const FAST = ["--log-format", "json", "--state-dir", "state", "-i", "50ms"];

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

async function stop(program: Program): Promise<void> {
  program.child.kill("SIGTERM");
  const { code, stderr } = await program.end();
  assert.equal(code, 0, stderr);
}

Deno.test("agent reloads a changed file by itself, logs a broken one once, and goes on when it is corrected", async () => {
  await using folder = await folderWith({ "f.conf": conf("first") });
  const { path } = folder;
  const program = new Program(["agent", "-n", "a1", "-f", "f.conf", ...FAST], { cwd: path });
  await program.port();
  await Deno.writeTextFile(`${path}/f.conf`, conf("first").replace("file_roll", "file_rol"));
  await program.says("Not reloaded");
  // The file is looked at many times in the meantime.
  await Deno.writeTextFile(`${path}/f.conf`, conf("second"));
  await program.says('"Reloaded"');
  await until("the new folder", () => isFolder(`${path}/second`));
  assert.equal(program.stderr.split("Not reloaded").length, 2, program.stderr);
  await stop(program);
});

Deno.test("agent with --no-reload-conf leaves a changed file alone until SIGHUP", async () => {
  await using folder = await folderWith({ "f.conf": conf("first") });
  const { path } = folder;
  const args = ["agent", "-n", "a1", "-f", "f.conf", "--no-reload-conf", ...FAST];
  const program = new Program(args, { cwd: path });
  await program.port();
  await Deno.writeTextFile(`${path}/f.conf`, conf("second"));
  program.child.kill("SIGHUP");
  await program.says('"Reloaded"');
  assert.match(program.stderr, /"why":"SIGHUP"/);
  assert.doesNotMatch(program.stderr, /f\.conf changed/);
  await stop(program);
});

Deno.test("agent merges addresses and files in order, later values win", async () => {
  await using folder = await folderWith({
    "base.conf": conf("first"),
    "own.properties": "a1.sinks.k1.sink.directory = third\n",
    "uri.conf": "a1.sinks.k1.sink.directory = second\na1.channels.c1.capacity = 500\n",
  });
  const files = ["-f", "base.conf", "-f", "own.properties", "-u", `file:${folder.path}/uri.conf`];
  const program = new Program(["agent", "-n", "a1", ...files, ...FAST], { cwd: folder.path });
  await program.port();
  await until("the folder of the last file", () => isFolder(`${folder.path}/third`));
  assert.ok(!isFolder(`${folder.path}/first`) && !isFolder(`${folder.path}/second`));
  await Deno.writeTextFile(`${folder.path}/own.properties`, "a1.sinks.k1.sink.directory = fourth\n");
  await until("the changed one", () => isFolder(`${folder.path}/fourth`));
  await stop(program);
});

Deno.test("agent reads an address with user and password, asks whether it has changed, and reloads it", async () => {
  await using folder = await folderWith({});
  const answers: string[] = [];
  let text = conf("first");
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ headers }) => {
    const etag = `"${text.length}"`;
    const known = headers.get("if-none-match");
    const status = headers.get("authorization") !== `Basic ${btoa("me:s3cret")}`
      ? 401
      : known === etag
      ? 304
      : 200;
    answers.push(`${status}`);
    return new Response(status === 200 ? text : null, { status, headers: { etag } });
  });
  const url = `http://127.0.0.1:${server.addr.port}/a1.conf`;
  const args = ["agent", "-n", "a1", "-u", url, "-user", "me", "-pwd", "s3cret", ...FAST];
  const program = new Program(args, { cwd: folder.path });
  await program.port();
  await until("a look in vain", () => answers.includes("304"));
  text = conf("second-one");
  await until("the new folder", () => isFolder(`${folder.path}/second-one`));
  await stop(program);
  assert.doesNotMatch(program.stderr, /s3cret/);
  const refused = await sluice(["agent", "-n", "a1", "-u", url], { cwd: folder.path });
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /answered 401[^]*--conf-user/);
});

Deno.test("agent starts with the last good configuration when the real one is gone, and takes that when it is back", async () => {
  await using folder = await folderWith({ "f.conf": conf("first") });
  const { path } = folder;
  const args = ["agent", "-n", "a1", "-f", "f.conf", "-b", "backup", ...FAST];
  const first = new Program(args, { cwd: path });
  await first.port();
  await stop(first);
  await Deno.remove(`${path}/f.conf`);
  const second = new Program(args, { cwd: path });
  await second.says("starting with the last good configuration");
  await second.port();
  await Deno.writeTextFile(`${path}/f.conf`, conf("second"));
  await second.says('"Reloaded"');
  await stop(second);
  assert.equal(await Deno.readTextFile(`${path}/backup/a1-1.conf`), conf("second"));
  assert.equal((await Deno.stat(`${path}/backup/a1-1.conf`)).mode! & 0o077, 0);
});

Deno.test("agent without its file ends with 1, and as a service waits until the file is there", async () => {
  await using folder = await folderWith({});
  const args = ["agent", "-n", "a1", "-f", "f.conf", ...FAST];
  const { code, stderr } = await sluice(args, { cwd: folder.path });
  assert.equal(code, 1);
  assert.match(stderr, /error: There is no file "f\.conf"\n {2}fix: /);
  const program = new Program([...args, "-Dflume.called.from.service"], { cwd: folder.path });
  await program.says("waiting for it");
  await Deno.writeTextFile(`${folder.path}/f.conf`, conf("first"));
  await program.port();
  await stop(program);
});

Deno.test("agent takes -D from flume-env.sh, then from the command line, and says what it does not do", async () => {
  await using folder = await folderWith({
    "f.conf": conf("${sys:out}-${sys:kind}-${env:WHERE}"),
    "flume-env.sh": 'export WHERE=here\nexport JAVA_OPTS="-Xms100m -Dout=env -Dkind=x"\nulimit -n 1000\n',
    "log4j.properties": "",
  });
  const args = [
    "agent",
    "-n",
    "a1",
    "-c",
    ".",
    "-f",
    "f.conf",
    "-Dout=line",
    "-Xmx1g",
    "-C",
    "lib/x.jar",
    ...FAST,
  ];
  const program = new Program(args, { cwd: folder.path });
  await program.port();
  await until("the folder", () => isFolder(`${folder.path}/line-x-here`));
  await stop(program);
  for (const told of ["ulimit -n 1000", "log4j.properties", "-Xms100m -Xmx1g", "lib/x.jar"]) {
    assert.ok(program.stderr.includes(told), `${told} in ${program.stderr}`);
  }
});

Deno.test("agent reads flume.opts, and what the command line says comes first", async () => {
  await using folder = await folderWith({
    "f.conf": conf("first"),
    "flume.opts": "name = a2\nconf-file = f.conf\npoll-interval=50ms\nno-reload-conf = false\n",
  });
  const program = new Program(["agent", "-n", "a1", ...FAST.slice(0, 4)], { cwd: folder.path });
  await program.port();
  await Deno.writeTextFile(`${folder.path}/f.conf`, conf("second"));
  await until("the new folder", () => isFolder(`${folder.path}/second`));
  await stop(program);
  await Deno.writeTextFile(`${folder.path}/flume.opts`, "conf-fil = f.conf\n");
  const { code, stderr } = await sluice(["agent", "-n", "a1"], { cwd: folder.path });
  assert.equal(code, 2);
  assert.match(stderr, /flume\.opts" names "conf-fil"[^]*did you mean "conf-file"/);
});

const PLUGIN = `import { defineSink } from "sluice/plugin";
export default defineSink({
  name: "mine",
  aliases: ["com.x.MySink"],
  summary: "Writes nothing.",
  config: {},
  examples: [],
  create: (_, { log }) => ({ write: (batch) => log.info("got", { events: batch.size }) }),
});
`;

Deno.test("agent finds the classes of users in modules of --plugins-path, and says that jars cannot be run", async () => {
  await using folder = await folderWith({
    "f.conf": conf("x").replace("file_roll", "com.x.MySink").replace(/.*directory.*\n/, ""),
  });
  await Deno.mkdir(`${folder.path}/plugins.d/mine/lib`, { recursive: true });
  await Deno.writeTextFile(`${folder.path}/plugins.d/mine/my_sink.ts`, PLUGIN);
  await Deno.writeTextFile(`${folder.path}/plugins.d/mine/lib/old.jar`, "");
  const args = ["agent", "-n", "a1", "-f", "f.conf", "--plugins-path", "plugins.d", ...FAST];
  const program = new Program(args, { cwd: folder.path });
  const port = await program.port();
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    method: "POST",
    body: '[{"headers":{},"body":"one"}]',
  });
  await answer.body?.cancel();
  assert.equal(answer.status, 200);
  await program.says('"got"');
  await stop(program);
  assert.match(program.stderr, /Jars cannot be run.*old\.jar/);
});

/** Command lines that cannot be used, and what is said about them. */
const REFUSALS: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
  { args: [], says: /agent needs a configuration[^]*--conf-file FILE/ },
  { args: ["-f", "x", "-prov", "com.x.P"], says: /"com\.x\.P" cannot be run/ },
  { args: ["-f", "x", "-a", "com.x.A"], says: /"com\.x\.A" cannot be run to authenticate/ },
  { args: ["-f", "x", "--verify-host", "false"], says: /always checked/ },
  { args: ["-z", "zk", "-f", "x", "-n", "a"], says: /ZooKeeper stands alone/ },
  { args: ["-z", "zk"], says: /name yours: --name NAME/ },
  { args: ["-u", "ftp://x/y"], says: /--conf-uri cannot be "ftp:\/\/x\/y"/ },
  { args: ["-f", "x", "-i", "soon"], says: /--poll-interval cannot be "soon"/ },
];

Deno.test("agent refuses what it cannot do with 2, and says what to do instead", async () => {
  for (const { args, says } of REFUSALS) {
    const { code, stderr } = await sluice(["agent", ...args]);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, says);
  }
});
