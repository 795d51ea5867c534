import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EventBatch, splitLines } from "sluice/plugin";
import extractor from "../../../plugins/interceptors/regex_extractor.ts";
import filter from "../../../plugins/interceptors/regex_filter.ts";
import searchReplace from "../../../plugins/interceptors/search_replace.ts";
import { testContext } from "../../support/context.ts";
import { bodiesOf, configOf, headerOf, makeInterceptor } from "./make.ts";

const LOG = `203.0.113.9 - anna [12/Mar/2026:08:14:02 +0000] "GET /größe HTTP/1.1" 200 5123
198.51.100.7 - - [12/Mar/2026:08:14:03 +0100] "POST /cart HTTP/1.1" 503 12
not an access log line

198.51.100.8 - - [31/Feb/2026:08:14:03 +0000] "GET /healthz HTTP/1.1" 200 2
`;

function lines(text: string, cutReturn = false): EventBatch {
  const block = new TextEncoder().encode(text);
  return new EventBatch({ block, ...splitLines(block, { last: true, cutReturn }) });
}

Deno.test("regex_filter interceptor keeps events with a match, or drops them", () => {
  const errors = makeInterceptor(filter, { regex: '" 5\\d\\d ' }).intercept(lines(LOG));
  assert.deepEqual(bodiesOf(errors).map((body) => body.slice(0, 12)), ["198.51.100.7"]);
  const others = makeInterceptor(filter, { regex: "healthz|^$", excludeEvents: "true" }).intercept(
    lines(LOG),
  );
  assert.equal(others.size, 3);
  const all = lines(LOG);
  assert.equal(makeInterceptor(filter).intercept(all), all);
});

Deno.test("regex_filter interceptor looks into a header when one is named", () => {
  const batch = EventBatch.from([{ body: "a", headers: { level: "WARN" } }, { body: "b" }]);
  assert.deepEqual(bodiesOf(makeInterceptor(filter, { regex: "^W", header: "level" }).intercept(batch)), [
    "a",
  ]);
  const constant = batch.withHeader("level", "INFO");
  assert.equal(makeInterceptor(filter, { regex: "^W", header: "level" }).intercept(constant).size, 0);
});

const ACCESS = {
  regex: '^(\\S+) \\S+ (\\S+) \\[([^\\]]+)\\] "([A-Z]+) (\\S+)',
  serializers: {
    ip: { name: "client" },
    user: {
      name: "user",
      type: "org.apache.flume.interceptor.RegexExtractorInterceptorPassThroughSerializer",
    },
    at: { name: "timestamp", type: "millis", pattern: "dd/MMM/yyyy:HH:mm:ss Z" },
    method: { name: "method" },
    path: { name: "path" },
  },
};

Deno.test("regex_extractor interceptor makes headers of groups and dates", () => {
  const context = testContext();
  const batch = makeInterceptor(extractor, ACCESS, context).intercept(lines(LOG));
  assert.deepEqual(headerOf(batch, "client"), [
    "203.0.113.9",
    "198.51.100.7",
    undefined,
    undefined,
    "198.51.100.8",
  ]);
  assert.deepEqual(headerOf(batch, "path"), ["/größe", "/cart", undefined, undefined, "/healthz"]);
  assert.deepEqual(headerOf(batch, "timestamp"), [
    String(Date.UTC(2026, 2, 12, 8, 14, 2)),
    String(Date.UTC(2026, 2, 12, 7, 14, 3)),
    undefined,
    undefined,
    undefined,
  ]);
  assert.equal(context.counters.get("DateParseFailCount"), 1);
});

Deno.test("regex_extractor interceptor leaves headers of events without a match alone", () => {
  const batch = EventBatch.from([{ body: "code=7", headers: { code: "0" } }, {
    body: "none",
    headers: { code: "1" },
  }]);
  const settings = { regex: "code=(\\d)(x)?", serializers: { c: { name: "code" }, x: { name: "x" } } };
  const interceptor = makeInterceptor(extractor, settings);
  const extracted = interceptor.intercept(batch);
  assert.deepEqual(headerOf(extracted, "code"), ["7", "1"]);
  assert.deepEqual(headerOf(extracted, "x"), [undefined, undefined]);
  const none = lines("nothing here\n");
  assert.equal(interceptor.intercept(none), none);
});

Deno.test("regex_extractor interceptor reads another header when one is named", () => {
  const batch = EventBatch.from([{ body: "x", headers: { file: "/var/log/shop.log" } }, { body: "y" }]);
  const settings = { regex: "([^/]+)\\.log$", serializers: { s: { name: "app" } }, header: "file" };
  assert.deepEqual(headerOf(makeInterceptor(extractor, settings).intercept(batch), "app"), [
    "shop",
    undefined,
  ]);
});

Deno.test("regex_extractor interceptor complains about more serializers than groups and unusable dates", () => {
  const config = configOf(extractor, {
    regex: "(a)",
    serializers: { one: { name: "a" }, two: { name: "b", type: "millis", pattern: "QQ" } },
  });
  assert.deepEqual(extractor.check!(config).map(({ key }) => key), [
    "serializers",
    "serializers.two.pattern",
  ]);
  assert.throws(() => extractor.create(config, testContext()), /1 groups, but there are 2 serializers/);
});

Deno.test("search_replace interceptor replaces all matches with groups, names and escaped signs", () => {
  const settings = { searchPattern: "(\\d+)-(?<unit>[a-z]+)", replaceString: "${unit}$1\\$$10" };
  const replaced = makeInterceptor(searchReplace, settings).intercept(lines("3-mm and 4-kg\nnone\n"));
  assert.deepEqual(bodiesOf(replaced), ["mm3$30 and kg4$40", "none"]);
});

Deno.test("search_replace interceptor passes a batch without a match as it is", () => {
  const batch = lines(LOG);
  assert.equal(makeInterceptor(searchReplace, { searchPattern: "nowhere" }).intercept(batch), batch);
});

Deno.test("search_replace interceptor keeps a dense batch dense and other bodies byte for byte", () => {
  const block = Buffer.from("gr\xc3\xbc\xc3\x9fe 1\nbad \xff\xfe byte\nTAG 2\n", "latin1");
  const batch = new EventBatch({ block, ...splitLines(block) });
  const replaced = makeInterceptor(searchReplace, { searchPattern: "ß|TAG", replaceString: "→" }).intercept(
    batch,
  );
  assert.equal(replaced.layout, "dense");
  const written = Buffer.from(replaced.block.subarray(replaced.starts[0]!, replaced.ends[2]! + 1));
  assert.equal(
    written.toString("latin1"),
    Buffer.from("grü→e 1\n").toString("latin1") + "bad \xff\xfe byte\n" +
      Buffer.from("→ 2\n").toString("latin1"),
  );
});

Deno.test("search_replace interceptor keeps carriage returns that were cut, and dropped lines out", () => {
  const batch = lines("a 1\r\nb 2\r\nc 3\r\n", true).filter((index) => index !== 1);
  const replaced = makeInterceptor(searchReplace, { searchPattern: "\\d", replaceString: "##" }).intercept(
    batch,
  );
  assert.deepEqual(bodiesOf(replaced), ["a ##", "c ##"]);
  assert.deepEqual(bodiesOf(replaced.detach()), ["a ##", "c ##"]);
});

Deno.test("search_replace interceptor makes a packed batch when a replacement holds a newline", () => {
  const replaced = makeInterceptor(searchReplace, { searchPattern: ";", replaceString: "\n" }).intercept(
    lines("a;b\n"),
  );
  assert.deepEqual([replaced.layout, ...bodiesOf(replaced)], ["packed", "a\nb"]);
});

Deno.test("search_replace interceptor reads and writes the charset that is named", () => {
  const batch = EventBatch.ofBodies([Buffer.from("caf\xe9 5", "latin1")]);
  const settings = { searchPattern: "é", replaceString: "è→", charset: "ISO-8859-1" };
  const replaced = makeInterceptor(searchReplace, settings).intercept(batch);
  assert.equal(Buffer.from(replaced.body(0)).toString("latin1"), "caf\xe8? 5");
});

Deno.test("search_replace interceptor complains about groups that are not there", () => {
  for (const replaceString of ["$3", "${nope}", "5 $", "end\\"]) {
    const config = configOf(searchReplace, { searchPattern: "(a)(b)", replaceString });
    assert.equal(searchReplace.check!(config)[0]?.key, "replaceString", replaceString);
  }
});
