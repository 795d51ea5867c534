import assert from "node:assert/strict";
import { until } from "../../../support/until.ts";
import { bodiesOf, ours, Stage } from "./stage.ts";

/** A stage on which the partition has been given to us, with a take that waits. */
async function begun(windowBytes = 1024 * 1024) {
  const stage = new Stage({ windowBytes });
  const first = stage.take(2);
  await until("the consumer to run", () => stage.runs === 1);
  assert.equal(stage.assign(), undefined);
  return { stage, first };
}

Deno.test("kafka channel notes offsets only behind what has settled in order", async () => {
  const { stage, first } = await begun();
  await stage.fetch(0, 6);
  const [early, late] = [await first, await stage.take(2)];
  assert.deepEqual([...bodiesOf(early), ...bodiesOf(late)], ["0", "1", "2", "3"]);
  assert.deepEqual(late.batch.position, { "app/0": 4, "app/0/id": "id-1" });
  await late.commit();
  assert.equal(stage.backlog.size, 4);
  await early.commit();
  await until("the offset to be noted", () => stage.committed.at(-1) === 4);
  assert.deepEqual(stage.committed, [4]);
  await stage.reading.close();
});

Deno.test("kafka channel waits for what is taken when its partition is revoked, and gives nothing more", async () => {
  const { stage, first } = await begun();
  await stage.fetch(0, 4);
  const take = await first;
  let isRevoked = false;
  const revoked = stage.events.onRevoked([{ topic: "app", partition: 0 }]).then(() =>
    void (isRevoked = true)
  );
  const waiting = stage.take();
  await stage.fetch(4, 6);
  assert.equal(isRevoked, false);
  await take.commit();
  await revoked;
  assert.equal(stage.committed.at(-1), 2);
  assert.equal(stage.assign(ours(2)), 2);
  await stage.fetch(2, 4);
  assert.deepEqual(bodiesOf(await waiting), ["2", "3"]);
});

Deno.test("kafka channel goes on with what it has when a partition that was lost comes back unread", async () => {
  const { stage, first } = await begun();
  await stage.fetch(0, 4);
  const take = await first;
  stage.events.onLost([{ topic: "app", partition: 0 }]);
  const waiting = stage.take();
  await take.commit();
  assert.equal(stage.assign(ours(0)), 4);
  assert.deepEqual(bodiesOf(await waiting), ["2", "3"]);
});

Deno.test("kafka channel drops what waits when another member has read on meanwhile", async () => {
  const { stage, first } = await begun();
  await stage.fetch(0, 4);
  const take = await first;
  stage.events.onLost([{ topic: "app", partition: 0 }]);
  await take.rollback();
  assert.equal(stage.assign(ours(10)), 10);
  await stage.fetch(10, 11);
  assert.deepEqual(bodiesOf(await stage.take()), ["10"]);
  assert.equal(stage.backlog.size, 1);
});

Deno.test("kafka channel fetches again what a sink took over and gives back", async () => {
  const { stage, first } = await begun();
  await stage.fetch(0, 4);
  const [early, late] = [await first, await stage.take(2)];
  early.accept!();
  assert.equal(early.batch.size, 0);
  await late.rollback();
  await early.rollback();
  await until("the consumer to run again", () => stage.runs === 2);
  assert.equal(stage.assign(), 0);
  await stage.fetch(0, 4);
  assert.deepEqual(bodiesOf(await stage.take()), ["0", "1", "2", "3"]);
  assert.equal(stage.context.counters.get("RollbackCounter"), 4);
});

Deno.test("kafka channel takes no more records in than its window allows until a sink has taken them over", async () => {
  const { stage, first } = await begun(10);
  const fetched = [stage.fetch(10, 20)];
  let isIn = false;
  fetched.push(stage.fetch(20, 30).then(() => void (isIn = true)));
  const take = await first;
  await take.commit();
  assert.equal(isIn, false);
  (await stage.take()).accept!();
  await Promise.all(fetched);
  assert.equal(bodiesOf(await stage.take()).length, 10);
});

Deno.test("kafka channel skips what its sink says that it holds", async () => {
  const { stage, first } = await begun();
  await stage.fetch(0, 4);
  await (await first).rollback();
  stage.reading.resume({ "app/0": 3, "app/0/id": "id-1", "other@1/x": 7 });
  assert.deepEqual(bodiesOf(await stage.take()), ["3"]);
  stage.reading.resume({ "app/0": 9, "app/0/id": "of a topic that was deleted" });
  assert.equal(stage.backlog.size, 1);
});

Deno.test("kafka channel tells waiting takes what its consumer ends with", async () => {
  const stage = new Stage();
  const failure = new Error("The user may not read the topic");
  stage.connect = () => Promise.reject(failure);
  await assert.rejects(stage.take(), failure);
  stage.connect = undefined;
  const taken = stage.take();
  await until("the consumer to run", () => stage.runs === 1);
  stage.assign();
  await stage.fetch(0, 1);
  assert.deepEqual(bodiesOf(await taken), ["0"]);
});

Deno.test("kafka channel leaves its group at once when the pipeline is killed, whatever its sink does", async () => {
  const end = new AbortController();
  const stage = new Stage({ signal: end.signal });
  const first = stage.take();
  await until("the consumer to run", () => stage.runs === 1);
  stage.assign();
  await stage.fetch(0, 4);
  await first;
  end.abort();
  await stage.reading.close();
});
