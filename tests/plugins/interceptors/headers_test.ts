import assert from "node:assert/strict";
import { EventBatch } from "sluice/plugin";
import host from "../../../plugins/interceptors/host.ts";
import removeHeader from "../../../plugins/interceptors/remove_header.ts";
import fixed from "../../../plugins/interceptors/static.ts";
import timestamp from "../../../plugins/interceptors/timestamp.ts";
import uuid from "../../../plugins/interceptors/uuid.ts";
import { testContext } from "../../support/context.ts";
import { headerOf, makeInterceptor } from "./make.ts";

const clock = { now: () => 1_773_303_242_000, sleep: () => Promise.resolve() };
const orders = EventBatch.from([
  { body: "order 4711 placed", headers: { timestamp: "17", host: "till-3", id: "a" } },
  { body: "order 4712 placed" },
]);

Deno.test("timestamp interceptor sets one constant column and overwrites by default", () => {
  const batch = makeInterceptor(timestamp, {}, testContext({ clock })).intercept(orders);
  assert.equal(batch.headers.get("timestamp"), "1773303242000");
  assert.equal(batch.block, orders.block);
});

Deno.test("timestamp interceptor keeps what events have when it is told to", () => {
  const settings = { preserveExisting: true };
  const interceptor = makeInterceptor(timestamp, settings, testContext({ clock }));
  assert.deepEqual(headerOf(interceptor.intercept(orders), "timestamp"), ["17", "1773303242000"]);
  const all = orders.withHeader("timestamp", "1");
  assert.equal(interceptor.intercept(all), all);
});

Deno.test("timestamp interceptor writes to the header that headerName names", () => {
  const batch = makeInterceptor(timestamp, { headerName: "arrived" }, testContext({ clock })).intercept(
    orders,
  );
  assert.deepEqual(headerOf(batch, "arrived"), ["1773303242000", "1773303242000"]);
});

Deno.test("host interceptor writes an address, or the host name without useIP", () => {
  const address = makeInterceptor(host).intercept(orders).headers.get("host");
  assert.match(String(address), /^[\d.]+$|:/);
  const named = makeInterceptor(host, { useIP: "false", hostHeader: "origin" }).intercept(orders);
  assert.equal(named.headers.get("origin"), Deno.hostname());
});

Deno.test("static interceptor keeps a present header by default and sets several at once", () => {
  const defaults = makeInterceptor(fixed).intercept(orders);
  assert.equal(defaults.headers.get("key"), "value");
  const several = makeInterceptor(fixed, { headers: { host: "web-1", team: "checkout" } }).intercept(orders);
  assert.deepEqual(headerOf(several, "host"), ["till-3", "web-1"]);
  assert.deepEqual(headerOf(several, "team"), ["checkout", "checkout"]);
  assert.equal(several.headers.has("key"), false);
  const replaced = makeInterceptor(fixed, { key: "host", value: "web-1", preserveExisting: false });
  assert.equal(replaced.intercept(orders).headers.get("host"), "web-1");
});

Deno.test("remove_header interceptor removes by name, by list and by whole-name pattern", () => {
  const batch = EventBatch.from([{
    body: "x",
    headers: { id: "1", host: "h", "internal.node": "n", "not.internal.node": "m", a: "1", b: "2" },
  }]);
  const interceptor = makeInterceptor(removeHeader, {
    withName: "id",
    fromList: "a , b",
    matching: "internal\\..*",
  });
  assert.deepEqual([...interceptor.intercept(batch).headers.keys()], ["host", "not.internal.node"]);
  const custom = makeInterceptor(removeHeader, { fromList: "a;host", fromListSeparator: ";" });
  assert.deepEqual([...custom.intercept(batch).headers.keys()], [
    "id",
    "internal.node",
    "not.internal.node",
    "b",
  ]);
  assert.equal(makeInterceptor(removeHeader).intercept(batch), batch);
});

Deno.test("uuid interceptor gives every event its own version 4 identifier", () => {
  const many = EventBatch.ofBodies(Array.from({ length: 9000 }, () => new Uint8Array(0)));
  const ids = headerOf(makeInterceptor(uuid, { prefix: "shop-" }).intercept(many), "id");
  assert.equal(new Set(ids).size, 9000);
  const form = /^shop-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  assert.ok(ids.every((id) => form.test(id!)));
});

Deno.test("uuid interceptor keeps present identifiers by default", () => {
  const [kept, made] = headerOf(makeInterceptor(uuid).intercept(orders), "id");
  assert.equal(kept, "a");
  assert.equal(made!.length, 36);
});
