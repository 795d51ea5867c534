import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { Buffer } from "node:buffer";
import { EventBatch } from "sluice/plugin";
import mask from "../../../plugins/interceptors/mask.ts";
import { bodiesOf, configOf, headerOf, makeInterceptor } from "./make.ts";

function masked(body: string, settings: Record<string, unknown> = {}): string {
  return bodiesOf(makeInterceptor(mask, settings).intercept(EventBatch.from([{ body }])))[0]!;
}

const HIDDEN: readonly (readonly [body: string, masked: string])[] = [
  ["mail from anna.müller+shop@example.co.uk, thanks", "mail from [email], thanks"],
  ["联系user@example.com吧", "联系[email]吧"],
  ["card 4111 1111 1111 1111 200 EUR", "card [card] 200 EUR"],
  ["card=5500005555555559;", "card=[card];"],
  ["amex 3782-822463-10005", "amex [card]"],
  ["ssn 536-90-4399.", "ssn [id]."],
  ["身份证 11010519491231002X", "身份证 [id]"],
  ["DNI 12345678Z", "DNI [id]"],
  ['10.23.3.44 - - "GET /"', '[ip] - - "GET /"'],
  ["peer [2001:db8::8a2e:370:7334]:443", "peer [[ip]]:443"],
  ["from ::ffff:192.168.0.1 port 22", "from [ip] port 22"],
  ["call +49 (0)30 1234567 now", "call [phone] now"],
  ["call (555) 123-4567", "call [phone]"],
  ["tel:555-123-4567", "tel:[phone]"],
  ["手机 13812345678", "手机 [phone]"],
  ["Tel. 030 12345678", "Tel. [phone]"],
];

for (const [body, expected] of HIDDEN) {
  Deno.test(`mask interceptor hides what is personal in "${body}"`, () =>
    assert.equal(masked(body), expected));
}

const KEPT = [
  '[12/Mar/2026:08:14:02 +0000] "GET /shop?id=100200300 HTTP/1.1" 200 5123',
  "2026-03-12T08:14:02.123456789Z pid 4242 took 1773303242000 ns",
  "4111111111111112 is no card, 11010519491231002 no identity",
  "version 1.2.3, section 1.2.3.4.5, ratio 16:9:4",
  "std::vector and 00:1a:2b:3c:4d:5e",
  "550e8400-e29b-41d4-a716-446655440000",
  "user@localhost",
];

for (const body of KEPT) {
  Deno.test(`mask interceptor leaves "${body}" alone`, () => assert.equal(masked(body), body));
}

Deno.test("mask interceptor passes a batch in which nothing is found as it is", () => {
  const batch = EventBatch.ofBodies([Buffer.from("plain \xff bytes", "latin1")]);
  assert.equal(makeInterceptor(mask).intercept(batch), batch);
});

Deno.test("mask interceptor shows the end in mode partial, and never the whole", () => {
  assert.equal(masked("4111 1111 1111 1111", { mode: "partial" }), "**** **** **** 1111");
  assert.equal(masked("10.0.0.1", { mode: "partial", keepLast: 12 }), "**.*.*.*");
});

Deno.test("mask interceptor hashes with the key, the same value alike", () => {
  const key = "correct horse";
  const hash = createHmac("sha256", key).update("10.0.0.1").digest("hex").slice(0, 12);
  const settings = { modes: { ip: "hash" }, key, hashLength: 12 };
  assert.equal(masked("10.0.0.1 10.0.0.1 a@example.org", settings), `${hash} ${hash} [email]`);
});

Deno.test("mask interceptor knows own patterns, own texts and chosen classes", () => {
  const settings = {
    classes: "ip",
    patterns: { order: "ORD-\\d{4}\\b" },
    text: "<{class}>",
    texts: { order: "ORD-####" },
  };
  assert.equal(masked("ORD-4711 10.0.0.1 a@example.org", settings), "ORD-#### <ip> a@example.org");
  assert.equal(masked("id 10.0.0.1", { patterns: { host: "id [\\d.]+" } }), "[host]");
});

Deno.test("mask interceptor masks headers when they are named, and leaves bodies when told to", () => {
  const batch = EventBatch.from([{ body: "a@example.org", headers: { from: "a@example.org" } }, {
    body: "x",
  }]);
  const result = makeInterceptor(mask, { headers: "from gone", body: false }).intercept(batch);
  assert.deepEqual(headerOf(result, "from"), ["[email]", undefined]);
  assert.deepEqual(bodiesOf(result), ["a@example.org", "x"]);
  const constant = makeInterceptor(mask, { headers: "from" }).intercept(batch.withHeader("from", "10.1.2.3"));
  assert.equal(constant.headers.get("from"), "[ip]");
});

Deno.test("mask interceptor complains about unknown classes and a missing key", () => {
  const config = configOf(mask, { classes: "phone, fax", modes: { car: "hash" } });
  assert.deepEqual(mask.check!(config).map(({ key }) => key), ["classes", "modes", "key"]);
});

Deno.test("mask interceptor is done soon with text that is made to be slow", () => {
  const settings = {};
  for (const unit of ["a", "1", "2 ", "4111 ", "+1 ", "ab:", "a.", "1.", "+1234567890123456 "]) {
    assert.equal(typeof masked(unit.repeat(20_000), settings), "string", unit);
  }
});
