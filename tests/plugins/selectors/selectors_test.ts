import assert from "node:assert/strict";
import {
  type Config,
  EventBatch,
  type Fields,
  type Route,
  type Selector,
  type SelectorPlugin,
  z,
} from "sluice/plugin";
import loadBalancing from "../../../plugins/selectors/load_balancing.ts";
import multiplexing from "../../../plugins/selectors/multiplexing.ts";
import replicating from "../../../plugins/selectors/replicating.ts";
import { testContext } from "../../support/context.ts";

function makeSelector<F extends Fields>(
  plugin: SelectorPlugin<F>,
  settings: Record<string, unknown>,
  channels = ["c1", "c2", "c3"],
): Selector {
  const config = z.object(plugin.config).parse(settings) as unknown as Config<F>;
  return plugin.create(config, testContext(), channels) as Selector;
}

function routesOf(routes: readonly Route[]): string[] {
  return routes.map(({ channel, batch, required }) => {
    const bodies = Array.from({ length: batch.size }, (_, index) => batch.text(index));
    return `${channel}${required ? "" : "?"}: ${bodies.join(" ")}`;
  });
}

const states = EventBatch.from([
  { body: "paid", headers: { State: "CZ" } },
  { body: "sent", headers: { State: "US" } },
  { body: "lost", headers: { State: "XX" } },
  { body: "open" },
  { body: "late", headers: { State: "CZ" } },
]);

Deno.test("replicating selector sends the same batch everywhere, required channels first", () => {
  const routes = makeSelector(replicating, { optional: "c1" }).select(states);
  assert.deepEqual(routes.map(({ channel, required }) => [channel, required]), [
    ["c2", true],
    ["c3", true],
    ["c1", false],
  ]);
  assert.ok(routes.every(({ batch }) => batch === states));
});

Deno.test("load_balancing selector takes channels by turns", () => {
  const selector = makeSelector(loadBalancing, {});
  const taken = Array.from({ length: 4 }, () => selector.select(states).map(({ channel }) => channel));
  assert.deepEqual(taken, [["c1"], ["c2"], ["c3"], ["c1"]]);
});

Deno.test("load_balancing selector by chance uses every channel in the end", () => {
  const selector = makeSelector(loadBalancing, { policy: "RANDOM" });
  const taken = Array.from({ length: 200 }, () => selector.select(states)[0]!.channel);
  assert.deepEqual([...new Set(taken)].sort(), ["c1", "c2", "c3"]);
});

Deno.test("multiplexing selector splits a batch by the value of the header", () => {
  const selector = makeSelector(multiplexing, {
    header: "State",
    mapping: { CZ: "c1", US: "c1 c2" },
    default: "c3",
  });
  assert.deepEqual(routesOf(selector.select(states)), ["c1: paid sent late", "c2: sent", "c3: lost open"]);
});

Deno.test("multiplexing selector sends a value with only optional channels to the default too", () => {
  const selector = makeSelector(multiplexing, {
    header: "State",
    mapping: { CZ: "c1" },
    optional: { US: "c2 c3", CZ: "c1 c2" },
    default: "c3",
  });
  assert.deepEqual(routesOf(selector.select(states)), [
    "c1: paid late",
    "c3: sent lost open",
    "c2?: paid sent late",
  ]);
});

Deno.test("multiplexing selector passes a batch with one value on as it is", () => {
  const selector = makeSelector(multiplexing, { header: "State", mapping: { CZ: "c1" }, default: "c2" });
  const one = states.withHeader("State", "CZ");
  assert.equal(selector.select(one)[0]!.batch, one);
  assert.deepEqual(routesOf(selector.select(EventBatch.ofBodies([new Uint8Array([65])]))), ["c2: A"]);
});

Deno.test("multiplexing selector drops events for which there is no channel", () => {
  const selector = makeSelector(multiplexing, { header: "State", mapping: { CZ: "c1" } });
  assert.deepEqual(routesOf(selector.select(states)), ["c1: paid late"]);
});

Deno.test("multiplexing selector refuses channels that the source does not have", () => {
  assert.throws(
    () => makeSelector(multiplexing, { mapping: { CZ: "c9" } }),
    /names channel "c9".*c1, c2, c3/,
  );
});
