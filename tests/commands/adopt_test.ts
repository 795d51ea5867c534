import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { until } from "../support/until.ts";
import { folderWith, Program, sluice } from "./_program.ts";

const GOLDEN = fileURLToPath(new URL("../data/golden/", import.meta.url));
const STATE = ["--state-dir", "state"];

/** What a Flume agent left when it was stopped in mid-file: the samples, and the files that they speak of. */
async function flumeHome() {
  const folder = await folderWith({});
  const { path } = folder;
  for (const name of ["spool/.flumespool", "tail", "pos"]) {
    await Deno.mkdir(`${path}/${name}`, { recursive: true });
  }
  await Deno.copyFile(`${GOLDEN}spooldir-tracker.meta`, `${path}/spool/.flumespool/.flumespool-main.meta`);
  const tar = new Deno.Command("tar", { args: ["-xzf", `${GOLDEN}file-channel.tar.gz`, "-C", path] });
  assert.ok((await tar.output()).success);
  await Deno.writeTextFile(`${path}/spool/a.log`, lines("spooled", 0, 20));
  await Deno.writeTextFile(`${path}/tail/b.log`, lines("line", 0, 30));
  await Deno.writeTextFile(`${path}/tail/c.log`, "begin\nrest\n");
  const position = (name: string, pos: number) => ({
    inode: Deno.statSync(`${path}/tail/${name}`).ino,
    pos,
    file: `${path}/tail/${name}`,
  });
  // b.log had been read up to line 10; c.log, as in the sample, behind its first line.
  const positions = [position("b.log", 70), position("c.log", 6), {
    inode: 1,
    pos: 5,
    file: "/data/tail/gone.log",
  }];
  await Deno.writeTextFile(`${path}/pos/taildir_position.json`, JSON.stringify(positions));
  await Deno.writeTextFile(`${path}/state.conf`, await stateConf());
  return folder;
}

/** The file of the samples, with sinks that keep what they get. */
async function stateConf(): Promise<string> {
  const text = await Deno.readTextFile(`${GOLDEN}state.conf`);
  return text.replace("g3.sinks = k1", "g3.sinks = k1 k2").replace("k1.type = null", "k1.type = file_roll") +
    "g3.sinks.k1.sink.directory = tailed\ng3.sinks.k2.type = file_roll\n" +
    "g3.sinks.k2.sink.directory = spooled\ng3.sinks.k2.channel = c1\n";
}

function lines(word: string, from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => `${word} ${from + index}\n`).join("");
}

/** All that is in the files of a folder, in the order in which they were begun. */
function contentOf(folder: string): string {
  try {
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) =>
      !name.startsWith(".")
    );
    return names.sort().map((name) => Deno.readTextFileSync(`${folder}/${name}`)).join("");
  } catch {
    return "";
  }
}

async function adopt(path: string, ...more: string[]) {
  return await sluice(["adopt", "state.conf", "--name", "g3", ...STATE, ...more], { cwd: path });
}

/** Runs the agent until both sinks hold something, and a moment longer than it needs to repeat. */
async function runAgent(path: string, isEnough: () => boolean): Promise<void> {
  const args = ["agent", "-f", "state.conf", "-n", "g3", ...STATE, "--log-format", "json"];
  const program = new Program(args, { cwd: path });
  await until("the events", isEnough, 20_000).catch((cause) => {
    throw new Error(`${cause.message}\n${program.stderr}`);
  });
  program.child.kill("SIGTERM");
  const { code, stderr } = await program.end();
  assert.equal(code, 0, stderr);
}

Deno.test("agent goes on where Flume was: half a spooled file, tailed files and a file channel, nothing lost or twice", async () => {
  await using folder = await flumeHome();
  const { path } = folder;
  const { code, stdout, stderr } = await adopt(path);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /12 events in 1 logs of Flume in fc\/data/);
  assert.match(stdout, /spool\/a\.log: goes on at byte 122 of 210/);
  assert.match(stdout, /tail\/b\.log: goes on at byte 70 of 230/);
  assert.match(stdout, /tail\/c\.log: goes on at byte 6 of 11/);
  assert.match(stdout, /warning: \/data\/tail\/gone\.log .* not there any more/);
  await runAgent(path, () => {
    return contentOf(`${path}/spooled`).endsWith("spooled 19\n") && contentOf(`${path}/tailed`).length >= 165;
  });
  assert.equal(contentOf(`${path}/spooled`), lines("spooled", 0, 20));
  assert.deepEqual(
    contentOf(`${path}/tailed`).split("\n").toSorted(),
    `${lines("line", 10, 30)}rest\n`.split("\n").toSorted(),
  );
});

Deno.test("adopt --dry-run tells the same and writes nothing", async () => {
  await using folder = await flumeHome();
  const { code, stdout } = await adopt(folder.path, "--dry-run");
  assert.equal(code, 0);
  assert.match(stdout, /goes on at byte 122[^]*Nothing is written/);
  assert.deepEqual(Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort(), [
    "fc",
    "pos",
    "spool",
    "state.conf",
    "tail",
  ]);
  assert.ok(
    !Array.from(Deno.readDirSync(`${folder.path}/fc/data`)).some(({ name }) => name.endsWith(".seg")),
  );
});

Deno.test("adopt that is done twice, or ended between channel and positions, puts no event twice", async () => {
  await using folder = await flumeHome();
  const { path } = folder;
  assert.match((await adopt(path)).stdout, /^Taken over: positions of .*; 12 events in channel c1\n$/m);
  // As if the process had ended before the positions were on the disk.
  await Deno.remove(`${path}/state/positions.json`);
  const answers: string[] = [];
  for (let count = 0; count < 2; count++) {
    const { code, stdout, stderr } = await adopt(path);
    assert.equal(code, 0, stderr);
    answers.push(stdout.slice(stdout.search(/^(?:Taken over|Was taken over)/m)));
  }
  const positions = "positions of \\w+, \\w+ in .*positions\\.json";
  const events = "12 events in channel c1";
  const before = "Was taken over before, left as it is";
  assert.match(answers[0]!, new RegExp(`^Taken over: ${positions}\n${before}: ${events}\n$`));
  assert.match(answers[1]!, new RegExp(`^${before}: ${positions}; ${events}\n$`));
  await runAgent(path, () => contentOf(`${path}/spooled`).endsWith("spooled 19\n"));
  assert.equal(contentOf(`${path}/spooled`), lines("spooled", 0, 20));
});

Deno.test("adopt refuses to set a source back that has come further, unless it is forced", async () => {
  await using folder = await flumeHome();
  const { path } = folder;
  await adopt(path);
  await runAgent(path, () => {
    return contentOf(`${path}/tailed`).length >= 165 && contentOf(`${path}/spooled`).endsWith("spooled 19\n");
  });
  const refused = await adopt(path);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /Source "\w+" has a position of its own already\n {2}fix: .*--force/);
  const { code, stdout } = await adopt(path, "--force");
  assert.equal(code, 0);
  assert.match(stdout, /^Taken over: positions of .*; 12 events in channel c1\n$/m);
  await runAgent(path, () => contentOf(`${path}/tailed`).length >= 2 * 165);
  assert.equal(contentOf(`${path}/tailed`).match(/^line 29$/gm)?.length, 2);
});

Deno.test("adopt refuses while the pipeline is at work", async () => {
  await using folder = await flumeHome();
  const args = [
    "agent",
    "-f",
    "state.conf",
    "-n",
    "g3",
    ...STATE,
    "--log-format",
    "json",
    "--no-reload-conf",
  ];
  const program = new Program(args, { cwd: folder.path });
  await program.says('"Started"');
  const { code, stderr } = await adopt(folder.path);
  assert.equal(code, 3);
  assert.match(stderr, /fc\/data is in use by process \d+: stop the agent first/);
  await Deno.writeTextFile(
    `${folder.path}/state.conf`,
    (await stateConf()).replace("c1.type = file", "c1.type = memory"),
  );
  const other = await adopt(folder.path);
  assert.equal(other.code, 3);
  assert.match(other.stderr, /is in use by process \d+\n {2}fix: stop the pipeline/);
  program.child.kill("SIGTERM");
  await program.end();
});

Deno.test("adopt says what it cannot read, and takes nothing over then", async () => {
  await using folder = await flumeHome();
  const { path } = folder;
  await Deno.writeTextFile(`${path}/pos/taildir_position.json`, "[{");
  const { code, stderr } = await adopt(path);
  assert.equal(code, 3);
  assert.match(stderr, /Flume left for source "tail".*Cannot read the position file/);
  assert.equal(contentOf(`${path}/state`), "");
});

Deno.test("adopt tells which channels Flume must empty itself, and which leave nothing", async () => {
  await using folder = await flumeHome();
  const { path } = folder;
  const conf = (await stateConf()).replace("c1.type = file", "c1.type = SPILLABLEMEMORY");
  await Deno.writeTextFile(
    `${path}/state.conf`,
    conf.replace(/.*c1\.(?:capacity|keep-alive|checkpoint).*\n/g, ""),
  );
  const { stdout } = await adopt(path, "--dry-run");
  assert.match(stdout, /channel c1 \(spillable_memory\)\n {2}warning: .*let the old agent deliver it first/);
  assert.match(stdout, /channel c2 \(memory\)\n {2}nothing to take over/);
});
