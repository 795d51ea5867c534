import assert from "node:assert/strict";
import { Relay } from "../support/relay.ts";
import { folderWith, Program, sluice } from "./_program.ts";

const WIRE = new URL("../data/flume/wire/avro-cli.c2s.bin", import.meta.url);
const SEVEN = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";

/** An agent with an avro or thrift source, which logs what it gets with its headers. */
async function startSource(
  path: string,
  type: string,
  more = "",
): Promise<{ program: Program; port: number }> {
  const name = `${type}-${crypto.randomUUID()}`;
  await Deno.writeTextFile(
    `${path}/${name}.yaml`,
    `source: { type: ${type}, bind: 127.0.0.1, port: 0 ${more} }
channel: { type: memory }
sink: { type: file_roll, directory: ${path}/${name}, serializer: HEADER_AND_TEXT }
`,
  );
  const program = new Program(["agent", "-f", `${name}.yaml`, "--log-format", "json"], { cwd: path });
  return { program, port: await program.port() };
}

/** Stops a source, and gives the lines that it got, headers in front. */
async function linesOf({ program }: { program: Program }, path: string): Promise<string[]> {
  program.child.kill("SIGTERM");
  const { code, stderr } = await program.end();
  assert.equal(code, 0, stderr);
  const name = /"file":"([^"]+)\.yaml"/.exec(stderr)![1]!;
  const files = Array.from(Deno.readDirSync(`${path}/${name}`), (file) => file.name);
  const written = files.filter((file) => !file.startsWith("."));
  return written.flatMap((file) => Deno.readTextFileSync(`${path}/${name}/${file}`).split("\n").slice(0, -1));
}

Deno.test("avro-client sends the very bytes of Flume's: batches of five and two, with the headers of a file", async () => {
  await using folder = await folderWith({
    "seven.txt": SEVEN,
    "headers.properties": "# of all events\nteam=blue\n",
  });
  const { path } = folder;
  const source = await startSource(path, "avro");
  using relay = new Relay(`127.0.0.1:${source.port}`);
  const [host, port] = relay.address.split(":");
  const args = ["-H", host!, "-p", port!, "-F", "seven.txt", "-R", "headers.properties"];
  const { code, stderr } = await sluice(["avro-client", ...args], { cwd: path });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^7 lines accepted/);
  assert.deepEqual(Uint8Array.from(relay.sent), await Deno.readFile(WIRE));
  assert.deepEqual(
    await linesOf(source, path),
    SEVEN.trim().split("\n").map((line) => `{team=blue} ${line}`),
  );
});

Deno.test("avro-client sends standard input, and an unfinished last line", async () => {
  await using folder = await folderWith({});
  const source = await startSource(folder.path, "avro");
  const args = ["avro-client", "--host", "127.0.0.1", "--port", `${source.port}`];
  const { code } = await sluice(args, { cwd: folder.path, stdin: "first\r\n\nüber\nlast" });
  assert.equal(code, 0);
  assert.deepEqual(await linesOf(source, folder.path), ["{} first", "{} ", "{} über", "{} last"]);
});

Deno.test("avro-client --dirname sends the files of a folder, oldest first, and renames each that is done", async () => {
  await using folder = await folderWith({});
  const { path } = folder;
  await Deno.mkdir(`${path}/spool/inner`, { recursive: true });
  const files = { "b.log": "1\n2\n", "a.log": "3\n", ".hidden": "x\n", "old.COMPLETED": "y\n" };
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${path}/spool/${name}`, text);
  await Deno.utime(`${path}/spool/b.log`, 1000, 1000);
  const source = await startSource(path, "avro");
  const args = ["avro-client", "-H", "127.0.0.1", "-p", `${source.port}`, "--dirname", "spool", "-q"];
  const { code, stderr } = await sluice(args, { cwd: path });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(await linesOf(source, path), ["{} 1", "{} 2", "{} 3"]);
  assert.deepEqual(Array.from(Deno.readDirSync(`${path}/spool`), ({ name }) => name).sort(), [
    ".hidden",
    "a.log.COMPLETED",
    "b.log.COMPLETED",
    "inner",
    "old.COMPLETED",
  ]);
});

Deno.test("avro-client with properties compresses, and goes to the next host when one is away", async () => {
  await using folder = await folderWith({ "seven.txt": SEVEN });
  const { path } = folder;
  const source = await startSource(path, "avro", ", compression-type: deflate");
  await Deno.writeTextFile(
    `${path}/client.properties`,
    `client.type = default_failover
hosts = h1 h2
hosts.h1 = 127.0.0.1:1
hosts.h2 = 127.0.0.1:${source.port}
batch-size = 3
compression-type = deflate
maxIoWorkers = 4
`,
  );
  const args = ["avro-client", "-P", "client.properties", "-F", "seven.txt"];
  const { code, stderr } = await sluice(args, { cwd: path });
  assert.equal(code, 0, stderr);
  assert.deepEqual(await linesOf(source, path), SEVEN.trim().split("\n").map((line) => `{} ${line}`));
});

Deno.test("avro-client balances over hosts, batch by batch", async () => {
  await using folder = await folderWith({ "seven.txt": SEVEN });
  const { path } = folder;
  const sources = [await startSource(path, "avro"), await startSource(path, "avro")];
  const hosts = sources.map(({ port }, index) => `hosts.h${index} = 127.0.0.1:${port}\n`).join("");
  const text = `client.type = default_loadbalance\nhosts = h0 h1\n${hosts}batch-size = 2\nbackoff = true\n`;
  await Deno.writeTextFile(`${path}/client.properties`, text);
  const { code, stderr } = await sluice(["avro-client", "-P", "client.properties", "-F", "seven.txt"], {
    cwd: path,
  });
  assert.equal(code, 0, stderr);
  const got = await Promise.all(sources.map((source) => linesOf(source, path)));
  assert.deepEqual(got, [["{} one", "{} two", "{} five", "{} six"], ["{} three", "{} four", "{} seven"]]);
});

Deno.test("avro-client speaks Thrift when its properties say so", async () => {
  await using folder = await folderWith({ "seven.txt": SEVEN, "headers": "a = b" });
  const { path } = folder;
  const source = await startSource(path, "thrift");
  const text = `client.type=thrift\nhosts=h1\nhosts.h1=127.0.0.1:${source.port}\nprotocol=compact\n`;
  await Deno.writeTextFile(`${path}/client.properties`, text);
  const args = ["avro-client", "-P", "client.properties", "-F", "seven.txt", "-R", "headers"];
  const { code, stderr } = await sluice(args, { cwd: path });
  assert.equal(code, 0, stderr);
  assert.deepEqual(await linesOf(source, path), SEVEN.trim().split("\n").map((line) => `{a=b} ${line}`));
});

Deno.test("avro-client ends with 3 when nobody takes the events, and leaves a spooled file as it is", async () => {
  await using folder = await folderWith({ "a.log": "1\n" });
  const args = ["avro-client", "-H", "127.0.0.1", "-p", "1", "--dirname", "."];
  const { code, stderr } = await sluice(args, { cwd: folder.path });
  assert.equal(code, 3);
  assert.match(
    stderr,
    /0 lines accepted[^]*error: Nobody accepted the events: Cannot connect to 127\.0\.0\.1:1/,
  );
  assert.deepEqual(Array.from(Deno.readDirSync(folder.path), ({ name }) => name), ["a.log"]);
});

/** Command lines that cannot be used, and what is said about them. */
const REFUSALS: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
  { args: [], says: /needs a target[^]*--host HOST --port PORT/ },
  { args: ["-H", "h", "-p", "0"], says: /--port cannot be "0"/ },
  { args: ["-H", "h", "-p", "1", "-F", "a", "--dirname", "b"], says: /exclude each other/ },
  { args: ["-P", "missing"], says: /Cannot read "missing"/ },
  { args: ["-P", "one-host"], says: /one-host: hosts names too few hosts/ },
  { args: ["-P", "bad-size"], says: /bad-size: batch-size cannot be "0"/ },
  { args: ["-P", "bad-key"], says: /client property colour cannot be used[^]*sluice plugins show sink avro/ },
];

Deno.test("avro-client refuses what it cannot do with 2, and says what to do instead", async () => {
  await using folder = await folderWith({
    "one-host": "client.type = default_loadbalance\nhosts = h1\nhosts.h1 = h:1\n",
    "bad-size": "hosts = h1\nhosts.h1 = h:1\nbatch-size = 0\n",
    "bad-key": "hosts = h1\nhosts.h1 = h:1\ncolour = red\n",
  });
  for (const { args, says } of REFUSALS) {
    const { code, stderr } = await sluice(["avro-client", ...args], { cwd: folder.path });
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, says);
  }
});

Deno.test("tool fcintegritytool says which command checks a journal", async () => {
  const { code, stderr } = await sluice(["tool", "--conf", "conf", "FCINTEGRITYTOOL", "-l", "/a,/b"]);
  assert.equal(code, 2);
  assert.match(stderr, /write: sluice journal verify \/a \/b {2}then: sluice journal repair \/a \/b/);
});
