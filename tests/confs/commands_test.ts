import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { receiveUdp } from "./datagrams.ts";
import { Place } from "./place.ts";

const COMMANDS = new URL("../data/flume/confs/extras/commands.txt", import.meta.url);
/** What the files are called in the commands. */
const NAMES: Readonly<Record<string, string>> = {
  "flume-netcat-logger": "01",
  "flume-file-hdfs": "02",
  "flume-dir-hdfs": "03",
  "group/flume-file-flume": "04",
  "group/flume-avro-hdfs": "05",
  "group/flume-avro-dir": "06",
  "group2/flume-netcat-flume": "07",
  "group2/flume-flume-console1": "08",
  "group2/flume-flume-console2": "09",
  "group3/flume1-logger-flume": "10",
  "group3/flume2-netcat-flume": "11",
  "group3/flume3-flume-logger": "12",
  mysource: "13",
  mysink: "14",
  mysql: "15",
};
/** What an agent says once it is at work, or why it is not. */
const SAYS: Readonly<Record<string, string>> = {
  "02": "Started",
  "03": "Started",
  "04": "Started",
  "10": "Started",
  "13": "Event: ",
  "15": "com.atguigu.source.SQLSource",
};

const lines = Deno.readTextFileSync(COMMANDS).split("\n").filter((line) => /^\S*flume-ng /.test(line));
const agents = lines.filter((line) => line.includes(" agent "));

for (const line of new Set(agents)) {
  Deno.test(`as users type it: ${line}`, async () => {
    await using place = makePlace();
    using ganglia = receiveUdp();
    const words = line.replace(/192\.168\.1\.102:8649/, `127.0.0.1:${ganglia.port}`).split(/\s+/).slice(1);
    const [, name] = /job\/(\S+)\.conf/.exec(line)!;
    const says = SAYS[NAMES[name!]!] ?? "Listening";
    const peer = place.run(words);
    await peer.untilItSays(says);
    if (line.includes("ganglia")) await until("a packet for Ganglia", () => ganglia.received.length > 0);
    if (/SQLSource/.test(says)) return assert.notEqual((await peer.ended).code, 0);
    assert.equal(await peer.stop(), 0, peer.lastWords);
  });
}

Deno.test("as users type it: flume-ng help", async () => {
  await using place = makePlace();
  const peer = place.run(["help"]);
  assert.equal((await peer.ended).code, 0);
  for (const command of ["agent", "avro-client", "version"]) {
    assert.ok(peer.saying(command).length > 0, peer.lastWords);
  }
});

Deno.test("as users type it: flume-ng configtest, a mode that Flume never had, says how to check", async () => {
  await using place = makePlace();
  const peer = place.run(["configtest"]);
  assert.notEqual((await peer.ended).code, 0);
  assert.match(peer.lines.join("\n"), /sluice validate/);
});

Deno.test("every command of the list is tried", () => {
  assert.equal(lines.length - agents.length, 2);
  assert.equal(
    new Set(agents.map((line) => /job\/(\S+)\.conf/.exec(line)![1])).size,
    Object.keys(NAMES).length,
  );
});

/** Flume's home as the commands expect it. */
function makePlace(): Place {
  const place = new Place();
  place.put(
    "/conf/flume-env.sh",
    'export JAVA_HOME=/usr/lib/jvm/java\nexport JAVA_OPTS="-Xms100m -Xmx2000m"\n',
  );
  place.put("/conf/log4j.properties", "flume.root.logger=INFO,LOGFILE\n");
  for (const [name, number] of Object.entries(NAMES)) place.put(`/job/${name}.conf`, place.text(number));
  for (const name of ["mysource", "mysink"]) place.put(`/job/${name}.conf.classes.yaml`, place.classes());
  place.put("/opt/module/hive/logs/hive.log", "");
  place.put("/opt/module/group.log", "");
  Deno.mkdirSync(place.path("/opt/module/datas/flume3"), { recursive: true });
  return place;
}
