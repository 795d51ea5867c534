import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { EXPECTED_LINES, loggedEvents } from "./logged.ts";
import { Netcat } from "./netcat.ts";
import { Place } from "./place.ts";

Deno.test("01: each line over TCP is answered OK and logged as Flume logs it, blanks and comments behind values or not", async () => {
  await using place = new Place();
  const agent = await place.listening("01");
  await using client = await Netcat.connect(place.port(44444));
  assert.deepEqual(await client.send(["hello flume"]), ["OK"]);
  await agent.untilItSays(EXPECTED_LINES[0]!);
  assert.deepEqual(await client.send(["hello"], "\r\n"), ["OK"]);
  await agent.untilItSays(/body: 68 65 6C 6C 6F 0D +hello\. \}$/);
  assert.equal(await agent.stop(), 0, agent.lastWords);
});

Deno.test("02: all of 3,000 waiting lines come once, in order, with a local sink that takes more than a transaction holds", async () => {
  await using place = new Place();
  const lines = Array.from({ length: 3000 }, (_, number) => `line ${number}`);
  place.put("/opt/module/hive/logs/hive.log", "");
  Deno.mkdirSync(place.path("/out"));
  const text = withLocalSink(place.text("02"), place.path("/out"))
    .replace("tail -F", "tail -n +1 -F")
    .concat("\na2.sinks.k2.sink.batchSize = 1000\n");
  const agent = place.agent("02", text);
  await agent.untilItSays("Started");
  place.put("/opt/module/hive/logs/hive.log", lines.join("\n") + "\n");
  await until("3,000 lines", () => place.linesIn("/out").length >= lines.length);
  assert.equal(await agent.stop(), 0, agent.lastWords);
  assert.deepEqual(place.linesIn("/out"), lines);
});

Deno.test("03: new files are taken and renamed but for *.tmp; a name that comes again stops no other file", async () => {
  await using place = new Place();
  const upload = "/opt/module/flume/upload";
  place.put(`${upload}/abc.log`, "one\ntwo\n");
  place.put(`${upload}/y.log.tmp`, "not yet\n");
  place.put(`${upload}/empty.log`, "");
  Deno.mkdirSync(place.path("/out"));
  const agent = place.agent("03", withLocalSink(place.text("03"), place.path("/out")));
  const names = () => Array.from(Deno.readDirSync(place.path(upload)), ({ name }) => name).sort();
  await until("both to be renamed", () => names().filter((name) => name.endsWith(".COMPLETED")).length === 2);
  place.put(`${upload}/abc.log`, "other bytes\n");
  await until("an error", () => agent.saying("abc.log").length > 0, 20_000);
  place.put(`${upload}/later.log`, "three\n");
  await until("the later file", () => place.linesIn("/out").includes("three"), 20_000);
  assert.equal(await agent.stop(), 0, agent.lastWords);
  const lines = place.linesIn("/out").filter((line) => line !== "" && line !== "other bytes");
  assert.deepEqual(lines, ["one", "two", "three"]);
  assert.ok(names().includes("y.log.tmp"), names().join(" "));
});

Deno.test("13: a source of the user's class, mapped to a module, gives five numbered events again and again", async () => {
  await using place = new Place();
  place.put("/job/13.conf.classes.yaml", place.classes());
  const agent = place.agent("13");
  await until("the second round", () => loggedEvents(agent).length >= 7, 20_000);
  const round = [0, 1, 2, 3, 4].map((number) => `mySource-${number}`);
  assert.deepEqual(loggedEvents(agent).slice(0, 7), [...round, ...round].slice(0, 7));
  assert.equal(await agent.stop(), 0, agent.lastWords);
});

Deno.test("14: a sink of the user's class, mapped to a module, logs prefix, body and suffix", async () => {
  await using place = new Place();
  place.put("/job/14.conf.classes.yaml", place.classes());
  const agent = await place.listening("14");
  await using client = await Netcat.connect(place.port(44444));
  assert.deepEqual(await client.send(["hello"]), ["OK"]);
  await agent.untilItSays("mysinkprefix:hello:myskinsuffix");
  assert.equal(await agent.stop(), 0, agent.lastWords);
});

Deno.test("15: a class that nobody has mapped is refused with the way to map it, and the password is not shown", async () => {
  await using place = new Place();
  const agent = place.agent("15");
  assert.notEqual((await agent.ended).code, 0);
  const words = agent.lines.join("\n");
  assert.match(words, /com\.atguigu\.source\.SQLSource/);
  assert.match(words, /--class|classes/);
  assert.doesNotMatch(words, /000000/);
});

/** Writes to a local folder in place of HDFS. */
function withLocalSink(text: string, folder: string): string {
  return text.replaceAll(/^\w+\.sinks\.\w+\.hdfs\..*$/gm, "")
    .replace(/^(\w+\.sinks\.\w+)\.type = hdfs$/m, `$1.type = file_roll\n$1.sink.directory = ${folder}`);
}
