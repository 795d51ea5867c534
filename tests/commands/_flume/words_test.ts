import assert from "node:assert/strict";
import { readArguments } from "../../../commands/_arguments.ts";
import { loadCommand } from "../../../commands/_registry.ts";

const agent = (await loadCommand("agent"))!;

/** A command line of flume-ng, and what it says. */
const CASES: readonly { readonly line: string; readonly values: Readonly<Record<string, unknown>> }[] = [
  { line: "-n a1 -f x.conf -c conf", values: { name: "a1", "conf-file": ["x.conf"], conf: "conf" } },
  {
    line: "-n a1 -u http://h/x -user me -pwd s3",
    values: {
      name: "a1",
      "conf-uri": ["http://h/x"],
      "conf-user": "me",
      "conf-password": "s3",
    },
  },
  { line: "-prov com.x.P -a com.x.A", values: { "conf-provider": "com.x.P", "auth-provider": "com.x.A" } },
  { line: "-name a1 -conf-file x.conf", values: { name: "a1", "conf-file": ["x.conf"] } },
  { line: "-z zk:2181 -p /base -n a1", values: { zkConnString: "zk:2181", zkBasePath: "/base", name: "a1" } },
  {
    line: "-Dx=1 -Dflume.root.logger==INFO,console",
    values: { define: ["x=1", "flume.root.logger==INFO,console"] },
  },
  {
    line: "-Xmx20m -javaagent:a.jar=x -agentlib:jdwp=y",
    values: {
      "java-option": ["-Xmx20m", "-javaagent:a.jar=x", "-agentlib:jdwp=y"],
    },
  },
  {
    line: "-f a.conf -f b.conf -i 5 -b bak -d --no-reload-conf",
    values: {
      "conf-file": ["a.conf", "b.conf"],
      "poll-interval": "5",
      "backup-directory": "bak",
      dryrun: true,
      "no-reload-conf": true,
    },
  },
];

for (const { line, values } of CASES) {
  Deno.test(`agent understands flume-ng's words: ${line}`, async () => {
    const call = await readArguments(agent, line.split(" "));
    assert.deepEqual({ ...call.values }, values);
    assert.deepEqual(call.written, line.split(" "));
  });
}
