import assert from "node:assert/strict";
import type { Settings } from "../peers/conf_text.ts";
import { until } from "../support/until.ts";
import { Estate } from "./estate.ts";
import { append, linesOf, missing } from "./lines.ts";

const LIMIT_MS = 30_000;
/** Events that can be under way in one call when a receiver is killed; they may come at both, as in Flume. */
const BATCH = 100;

Deno.test("failover: the second agent takes over from a killed first one, which gets lines again when it is back", async () => {
  await using estate = new Estate();
  addSender(estate, "from", {
    "processor.type": "failover",
    "processor.priority.k1": 10,
    "processor.priority.k2": 5,
    "processor.maxpenalty": 1000,
  });
  estate.addStoring("one");
  estate.addStoring("two");
  await estate.start("from", "one", "two");
  append(estate.log("from"), linesOf("a", 0, 500));
  await until("the first to get lines", () => estate.lines("one").length >= 500, LIMIT_MS);
  assert.deepEqual(estate.lines("two"), []);
  await estate.agent("one").kill();
  append(estate.log("from"), linesOf("a", 500, 1500));
  await until("the second to take over", () => estate.lines("two").length >= 1000, LIMIT_MS);
  await estate.start("one");
  let sent = 1500;
  await until("the first to get lines again", () => {
    append(estate.log("from"), linesOf("a", sent, sent += 10));
    return estate.lines("one").length > 500;
  }, LIMIT_MS);
  await assertAllCame(estate, sent);
});

Deno.test("load balance: two agents share the lines, one gets all while the other is killed, then both do again", async () => {
  await using estate = new Estate();
  addSender(estate, "from", {
    "processor.type": "load_balance",
    "processor.backoff": "true",
    "processor.selector": "round_robin",
    "processor.selector.maxTimeOut": 1000,
  });
  estate.addStoring("one");
  estate.addStoring("two");
  await estate.start("from", "one", "two");
  let sent = 0;
  const send = (lines: number) => append(estate.log("from"), linesOf("a", sent, sent += lines));
  await until("both to get lines", () => {
    send(50);
    return estate.lines("one").length > 0 && estate.lines("two").length > 0;
  }, LIMIT_MS);
  await estate.agent("one").kill();
  const before = estate.lines("one").length;
  send(1000);
  await until(
    "the other to take over",
    () => missing(linesOf("a", 0, sent), come(estate)).length === 0,
    LIMIT_MS,
  );
  await estate.start("one");
  await until("both to get lines again", () => {
    send(20);
    return estate.lines("one").length > before;
  }, LIMIT_MS);
  await assertAllCame(estate, sent);
});

Deno.test("three tiers: lines of three agents reach the store by two collectors, one of them killed and brought back", async () => {
  await using estate = new Estate();
  const edges = ["web1", "web2", "web3"];
  for (const name of edges) {
    addSender(estate, name, { "processor.type": "load_balance", "processor.backoff": "true" });
  }
  for (const name of ["one", "two"]) {
    estate.add(name, {
      ...estate.receiving(name, "c"),
      ...estate.keeping(name, "c"),
      ...estate.sending("up", "c", "store"),
    });
  }
  estate.addStoring("store");
  await estate.start("store", "one", "two", ...edges);
  for (const name of edges) append(estate.log(name), linesOf(name, 0, 1000));
  await until("the first lines", () => estate.lines("store").length > 0, LIMIT_MS);
  await estate.agent("two").kill();
  for (const name of edges) append(estate.log(name), linesOf(name, 1000, 2000));
  await estate.start("two");
  const wanted = edges.flatMap((name) => linesOf(name, 0, 2000));
  await until("all lines", () => missing(wanted, estate.lines("store")).length === 0, LIMIT_MS);
  await estate.stop();
  const repeated = estate.lines("store").length - wanted.length;
  assert.ok(repeated <= edges.length * BATCH, `${repeated} lines came again`);
});

/** An agent that follows a log and sends it to "one" and "two" as a group. */
function addSender(estate: Estate, name: string, group: Settings): void {
  estate.addTailing(name, {
    "sources.in": { channels: "c" },
    ...estate.keeping(name, "c"),
    ...estate.sending("k1", "c", "one"),
    ...estate.sending("k2", "c", "two"),
    "sinkgroups.g": { sinks: "k1 k2", ...group },
  });
}

function come(estate: Estate): string[] {
  return [...estate.lines("one"), ...estate.lines("two")];
}

/** Every line has come, and none again but what was under way at the kill. */
async function assertAllCame(estate: Estate, sent: number): Promise<void> {
  const wanted = linesOf("a", 0, sent);
  await until("all lines", () => missing(wanted, come(estate)).length === 0, LIMIT_MS);
  await estate.stop();
  const repeated = come(estate).length - sent;
  assert.ok(repeated <= BATCH, `${repeated} lines came again`);
  assert.deepEqual(missing(come(estate), wanted), []);
}
