import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { EXPECTED_LINES, loggedEvents } from "./logged.ts";
import { Netcat } from "./netcat.ts";
import { Place } from "./place.ts";

const LOG = "/opt/module/hive/logs/hive.log";
const OUT = "/opt/module/datas/flume3";

Deno.test("04 to 06 and a second receiver: every line comes at both, and one that was down catches up", async () => {
  await using place = new Place();
  place.put(LOG, "");
  Deno.mkdirSync(place.path(OUT), { recursive: true });
  const [first, files] = [await place.listening("08"), await place.listening("06")];
  const sender = place.agent("04");
  const lines = numbered("line", 500);
  // A tail that starts later than this still shows the last lines, but no more than ten.
  append(place.path(LOG), lines.slice(0, 1));
  await until(
    "the first line",
    () => loggedEvents(first).length > 0 && place.linesIn(OUT).length > 0,
    20_000,
  );
  append(place.path(LOG), lines.slice(1, 300));
  await until("300 lines in the log", () => loggedEvents(first).length >= 300, 20_000);
  await until("300 lines in files", () => place.linesIn(OUT).length >= 300, 20_000);
  assert.equal(await first.stop(), 0, first.lastWords);
  append(place.path(LOG), lines.slice(300));
  await until("the one still there to get all", () => place.linesIn(OUT).length >= 500, 20_000);
  const again = await place.listening("08");
  await until("the other to catch up", () => loggedEvents(again).length >= 200, 30_000);
  for (const peer of [sender, again, files]) assert.equal(await peer.stop(), 0, peer.lastWords);
  assert.deepEqual(place.linesIn(OUT), lines);
  assert.deepEqual([...loggedEvents(first), ...loggedEvents(again)], lines);
  for (const { name } of Deno.readDirSync(place.path(OUT))) assert.match(name, /^\d{13}-\d+$/);
});

Deno.test("07 to 08 and 09: lines go to both, to the one that is left, and to both again within the penalty", async () => {
  await using place = new Place();
  const [one, other] = [await place.listening("08"), await place.listening("09")];
  const sender = await place.listening("07");
  await using client = await Netcat.connect(place.port(44444));
  let sent = 0;
  const send = (lines: number) => client.send(numbered("line", sent += lines).slice(-lines));
  await until("both to get some", async () => {
    await send(10);
    return loggedEvents(one).length > 0 && loggedEvents(other).length > 0;
  });
  await until("all to arrive", () => loggedEvents(one).length + loggedEvents(other).length >= sent);
  assert.equal(await one.stop(), 0, one.lastWords);
  const before = sent;
  for (let round = 0; round < 30; round++) await send(10);
  const tookOver = () => loggedEvents(one).length + loggedEvents(other).length >= before + 300;
  await until("the other to take over", tookOver, 30_000);
  const again = await place.listening("08");
  await until("the first to get lines again", async () => {
    await send(5);
    return loggedEvents(again).length > 0;
  }, 15_000);
  const arrived = () => [one, other, again].flatMap(loggedEvents);
  await until("all to arrive", () => arrived().length >= sent);
  assert.deepEqual(arrived().sort(), numbered("line", sent).sort());
  for (const peer of [sender, other, again]) assert.equal(await peer.stop(), 0, peer.lastWords);
});

Deno.test("10 and 11 to 12: a log that is written anew and lines over TCP come together as Flume logs them", async () => {
  await using place = new Place();
  const log = place.put("/opt/module/group.log", "");
  const collector = await place.listening("12");
  const tail = place.agent("10");
  await tail.untilItSays("Started");
  const lines = await place.listening("11");
  Deno.writeTextFileSync(log, "hello\n");
  await collector.untilItSays(EXPECTED_LINES[1]!);
  await using client = await Netcat.connect(place.port(44444));
  assert.deepEqual(await client.send(["dfdsf"]), ["OK"]);
  await collector.untilItSays(EXPECTED_LINES[2]!);
  for (const peer of [tail, lines, collector]) assert.equal(await peer.stop(), 0, peer.lastWords);
});

/** Lines that the logger sink shows whole. */
function numbered(word: string, count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${word} ${number}`);
}

function append(path: string, lines: readonly string[]): void {
  Deno.writeTextFileSync(path, lines.map((line) => `${line}\n`).join(""), { append: true });
}
