import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { Relay } from "../support/relay.ts";
import { serverTest } from "../servers/mod.ts";
import { ZooKeeperWriter } from "../support/zookeeper.ts";
import { folderWith, Program } from "./_program.ts";

/** An agent that makes a folder. */
function conf(folder: string): string {
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
`;
}

async function isMade(path: string): Promise<void> {
  await until(`the folder ${path}`, () => {
    try {
      return Deno.statSync(path).isDirectory;
    } catch {
      return false;
    }
  }, 30_000);
}

serverTest(
  "zookeeper",
  "agent waits for its node in ZooKeeper, reloads what changes there, and outlives a cut",
  async (env) => {
    await using folder = await folderWith({});
    using writer = await ZooKeeperWriter.connect(env.ZOOKEEPER_CONNECT!);
    using relay = new Relay(env.ZOOKEEPER_CONNECT!);
    await writer.create("/prod", "");
    await writer.create("/prod/agents", "");
    // Nobody listens at the first host.
    const hosts = `127.0.0.1:1,${relay.address}/prod`;
    const args = ["agent", "-z", hosts, "-p", "/agents", "-n", "a1", "--state-dir", "state", "-b", "backup"];
    const program = new Program([...args, "--log-format", "json"], { cwd: folder.path });
    await program.says("the node does not exist; waiting for it");
    await writer.create("/prod/agents/a1", conf("first"));
    const port = await program.port();
    await writer.set("/prod/agents/a1", conf("second"));
    await isMade(`${folder.path}/second`);
    await writer.set("/prod/agents/a1", "a1.sources = ");
    await program.says("Not reloaded");
    relay.cut();
    await program.says("; looking again");
    await writer.set("/prod/agents/a1", conf("third"));
    relay.restore();
    await isMade(`${folder.path}/third`);
    await writer.delete("/prod/agents/a1");
    await program.says("the node is gone; all goes on as it was");
    assert.equal(await program.port(), port);
    await (await fetch(`http://127.0.0.1:${port}/`)).body?.cancel();
    program.child.kill("SIGTERM");
    assert.equal((await program.end()).code, 0);
    assert.equal(await Deno.readTextFile(`${folder.path}/backup/a1-1.text`), conf("third"));
  },
);
