import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { Estate } from "./estate.ts";
import { append, linesOf } from "./lines.ts";

const LIMIT_MS = 30_000;

Deno.test("chain: each line comes once and in order through three agents, the middle one killed and brought back", async () => {
  await using estate = new Estate();
  estate.addTailing("first", {
    "sources.in": { channels: "c" },
    ...estate.keeping("first", "c"),
    ...estate.sending("next", "c", "middle"),
  });
  estate.add("middle", {
    ...estate.receiving("middle", "c"),
    ...estate.keeping("middle", "c"),
    ...estate.sending("next", "c", "last"),
  });
  estate.addStoring("last");
  await estate.start("first", "middle", "last");
  append(estate.log("first"), linesOf("a", 0, 1000));
  await until("the first lines", () => estate.lines("last").length > 0, LIMIT_MS);
  append(estate.log("first"), linesOf("a", 1000, 5000));
  await estate.agent("middle").kill();
  append(estate.log("first"), linesOf("a", 5000, 6000));
  await estate.start("middle");
  await until("6,000 lines", () => estate.lines("last").length >= 6000, LIMIT_MS);
  await estate.stop();
  assert.deepEqual(estate.lines("last"), linesOf("a", 0, 6000));
});

Deno.test("replicate: two agents each get every line once, also the one that was killed for a while", async () => {
  await using estate = new Estate();
  estate.addTailing("from", {
    "sources.in": { channels: "c1 c2", "selector.type": "replicating" },
    ...estate.keeping("from", "c1"),
    ...estate.keeping("from", "c2"),
    ...estate.sending("k1", "c1", "one"),
    ...estate.sending("k2", "c2", "two"),
  });
  estate.addStoring("one");
  estate.addStoring("two");
  await estate.start("from", "one", "two");
  append(estate.log("from"), linesOf("a", 0, 1000));
  await until("the first lines", () => estate.lines("one").length > 0, LIMIT_MS);
  await estate.agent("one").kill();
  append(estate.log("from"), linesOf("a", 1000, 3000));
  await until("the other to get all", () => estate.lines("two").length >= 3000, LIMIT_MS);
  await estate.start("one");
  await until("the first to catch up", () => estate.lines("one").length >= 3000, LIMIT_MS);
  await estate.stop();
  for (const name of ["one", "two"]) assert.deepEqual(estate.lines(name), linesOf("a", 0, 3000), name);
});

Deno.test("multiplex: each agent gets the lines that a header sends to it, and the default gets the others", async () => {
  await using estate = new Estate();
  const extract = {
    interceptors: "i",
    "interceptors.i.type": "regex_extractor",
    "interceptors.i.regex": "^(\\\\w+)\\\\s",
    "interceptors.i.serializers": "s",
    "interceptors.i.serializers.s.name": "kind",
  };
  estate.addTailing("from", {
    "sources.in": {
      channels: "c1 c2 c3",
      ...extract,
      "selector.type": "multiplexing",
      "selector.header": "kind",
      "selector.mapping.order": "c1",
      "selector.mapping.click": "c2",
      "selector.default": "c3",
    },
    ...["c1", "c2", "c3"].map((channel) => estate.keeping("from", channel))
      .reduce((all, channel) => ({ ...all, ...channel })),
    ...estate.sending("k1", "c1", "orders"),
    ...estate.sending("k2", "c2", "clicks"),
    ...estate.sending("k3", "c3", "others"),
  });
  for (const name of ["orders", "clicks", "others"]) estate.addStoring(name);
  await estate.start("from", "orders", "clicks", "others");
  const kinds = { orders: "order", clicks: "click", others: "view" };
  for (let from = 0; from < 900; from += 300) {
    for (const kind of Object.values(kinds)) append(estate.log("from"), linesOf(kind, from, from + 300));
  }
  for (const name of Object.keys(kinds)) {
    await until(`900 lines in ${name}`, () => estate.lines(name).length >= 900, LIMIT_MS);
  }
  await estate.stop();
  for (const [name, kind] of Object.entries(kinds)) {
    assert.deepEqual(estate.lines(name), linesOf(kind, 0, 900), name);
  }
});

Deno.test("aggregate: the lines of four agents come together once, each agent's in order, one of them killed meanwhile", async () => {
  await using estate = new Estate();
  const names = ["web1", "web2", "web3", "web4"];
  for (const name of names) {
    estate.addTailing(name, {
      "sources.in": { channels: "c" },
      ...estate.keeping(name, "c"),
      ...estate.sending("k", "c", "all"),
    });
  }
  estate.addStoring("all");
  await estate.start("all", ...names);
  for (const name of names) append(estate.log(name), linesOf(name, 0, 1000));
  await until("the first lines", () => estate.lines("all").length > 0, LIMIT_MS);
  await estate.agent("web2").kill();
  for (const name of names) append(estate.log(name), linesOf(name, 1000, 2000));
  await estate.start("web2");
  await until("8,000 lines", () => estate.lines("all").length >= 8000, LIMIT_MS);
  await estate.stop();
  for (const name of names) {
    assert.deepEqual(
      estate.lines("all").filter((line) => line.startsWith(`${name} `)),
      linesOf(name, 0, 2000),
    );
  }
  assert.equal(estate.lines("all").length, 8000);
});
