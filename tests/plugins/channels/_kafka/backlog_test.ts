import assert from "node:assert/strict";
import { Backlog } from "../../../../plugins/channels/_kafka/backlog.ts";

/** A backlog on a clock that the test moves. */
function onClock() {
  const clock = { nowMs: 1_000_000, now: () => clock.nowMs, sleep: () => Promise.resolve() };
  return { clock, backlog: new Backlog(clock) };
}

Deno.test("kafka channel that only puts shows what the brokers have not confirmed", () => {
  const { backlog } = onClock();
  const put = backlog.put(0, 5);
  const refused = backlog.put(1, 3);
  assert.equal(backlog.size, 8);
  put.confirm();
  refused.refuse();
  assert.equal(backlog.size, 0);
});

Deno.test("kafka channel counts what was put until it is fetched, also before it knows its partitions", () => {
  const { backlog } = onClock();
  backlog.put(0, 5).confirm();
  backlog.put(1, 2).confirm();
  backlog.isRead = true;
  assert.equal(backlog.size, 7);
  backlog.assign(new Set([0]));
  assert.equal(backlog.size, 5);
  backlog.fetched(0, 4);
  backlog.held += 4;
  assert.equal(backlog.size, 5);
  backlog.held -= 4;
  assert.equal(backlog.size, 1);
});

Deno.test("kafka channel believes an old report of the lag less than its own puts, and a later one more", () => {
  const { backlog, clock } = onClock();
  backlog.isRead = true;
  backlog.put(0, 5).confirm();
  backlog.report(0, 0);
  assert.equal(backlog.size, 5);
  clock.nowMs += 2000;
  backlog.report(0, 3);
  assert.equal(backlog.size, 3);
  backlog.report(0, 40);
  assert.equal(backlog.size, 40);
});
