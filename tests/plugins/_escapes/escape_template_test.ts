import assert from "node:assert/strict";
import fc from "fast-check";
import { type Column, EventBatch, PoisonError } from "sluice/plugin";
import { eventsWith, HOST, template, textAt, textOf } from "./escaped.ts";

const MORNING = "2012-06-05T09:04:07.890Z";
const NIGHT = "2011-12-31T23:54:34Z";

/** Each letter at both times, as Java's SimpleDateFormat has the pattern that Flume gives it. */
const LETTERS: Readonly<Record<string, readonly [morning: string, night: string]>> = {
  "%t": ["1338887047890", "1325375674000"],
  "%s": ["1338887047", "1325375674"],
  "%a": ["Tue", "Sat"],
  "%A": ["Tuesday", "Saturday"],
  "%b": ["Jun", "Dec"],
  "%B": ["June", "December"],
  "%c": ["Tue Jun 5 09:04:07 2012", "Sat Dec 31 23:54:34 2011"],
  "%d": ["05", "31"],
  "%e": ["5", "31"],
  "%D": ["06/05/12", "12/31/11"],
  "%H": ["09", "23"],
  "%I": ["09", "11"],
  "%j": ["157", "365"],
  "%k": ["9", "23"],
  "%l": ["9", "11"],
  "%m": ["06", "12"],
  "%n": ["6", "12"],
  "%M": ["04", "54"],
  "%p": ["AM", "PM"],
  "%S": ["07", "34"],
  "%y": ["12", "11"],
  "%Y": ["2012", "2011"],
  "%z": ["+0000", "+0000"],
  "%%": ["%", "%"],
};

for (const [letter, [morning, night]] of Object.entries(LETTERS)) {
  Deno.test(`escapes: ${letter} is what Java's formats make of it`, () => {
    assert.equal(textAt(`<${letter}>`, MORNING, { values: "plain" }), `<${morning}>`);
    assert.equal(textAt(`<${letter}>`, NIGHT, { values: "plain" }), `<${night}>`);
  });
}

Deno.test("escapes: noon and midnight are 12 on a clock of twelve hours", () => {
  assert.equal(textAt("%I %l %p", "2024-02-29T00:00:00Z"), "12 12 AM");
  assert.equal(textAt("%I %l %p %j", "2024-12-31T12:00:00Z"), "12 12 PM 366");
});

Deno.test("escapes: words of the host are known in any case", () => {
  assert.equal(textOf("%[localhost]/%[ip]/%[FQDN]", {}), "web7/10.1.2.3/web7.example.org");
});

Deno.test("escapes: an address of IPv6 can be a folder of HDFS", () => {
  assert.equal(textOf("a/%[IP]", {}, { host: { ...HOST, address: "fe80::1" } }), "a/fe80%3A%3A1");
});

Deno.test("escapes: a template without any needs no time and gives one text", () => {
  const plain = template("/flume/100%%");
  assert.equal(plain.needsTime, false);
  assert.equal(plain.texts(eventsWith({}, {}), 0), "/flume/100%");
});

Deno.test("escapes: a batch without events has no texts", () => {
  assert.deepEqual(template("/a/%{b}/%H").texts(EventBatch.EMPTY, 0), []);
});

Deno.test("escapes: names of headers are told once each, the timestamp only where it is named", () => {
  assert.deepEqual(template("%{a.b}/%{c-d}%{a.b}%t%H").headerNames, ["a.b", "c-d"]);
  assert.deepEqual(template("%{timestamp}").headerNames, ["timestamp"]);
});

const UNKNOWN: readonly (readonly [string, RegExp])[] = [
  ["/flume/%Q", /column 8 of "\/flume\/%Q": %Q is none/],
  ["%[host]", /column 1 .*%\[host\] is none; there are %\[localhost\]/],
  ["a%", /column 2 .*a single "%"/],
  ["%{unclosed", /column 1 .*a single "%"/],
  ["%{}", /column 1 .*a single "%"/],
  ["/a/../%{b}", /Cannot use ".."/],
];

for (const [text, complaint] of UNKNOWN) {
  Deno.test(`escapes: ${text} is refused with what is wrong and where`, () => {
    assert.throws(() => template(text), (thrown) => {
      assert.ok(thrown instanceof SyntaxError);
      assert.match(thrown.message, complaint);
      return true;
    });
  });
}

Deno.test("escapes: a part of a file's name cannot have slashes", () => {
  for (const text of ["a/b", "%D"]) assert.throws(() => template(text, { values: "name" }), SyntaxError);
  assert.equal(textOf("_%{a}", { a: "x/y" }, { values: "name" }), "_x%2Fy");
});

Deno.test("escapes: events of one batch get their own texts, or one when they agree", () => {
  const hourly = template("%{app}/%H");
  const [nine, ten] = [Date.UTC(2024, 0, 1, 9), Date.UTC(2024, 0, 1, 10)].map(String) as [string, string];
  const texts = hourly.texts(
    eventsWith({ app: "a", timestamp: nine }, { app: "b", timestamp: nine }, { app: "a", timestamp: ten }),
    0,
  );
  assert.deepEqual(texts, ["a/09", "b/09", "a/10"]);
  assert.equal(
    hourly.texts(eventsWith({ app: "a", timestamp: nine }, { app: "a", timestamp: nine }), 0),
    "a/09",
  );
});

Deno.test("escapes: columns of one value give one text without a look at the events", () => {
  const headers = new Map([["app", "a"], ["timestamp", "1338887047890"]]);
  assert.equal(template("%{app}/%Y").texts(eventsWith({}, {}, {}).with({ headers }), 0), "a/2012");
});

Deno.test("escapes: with useLocalTimeStamp the clock counts, also for %t; %{timestamp} stays the header", () => {
  const local = template("%t/%Y/%{timestamp}", { useLocalTimeStamp: true });
  const nowMs = Date.UTC(2030, 5, 1);
  assert.equal(local.texts(eventsWith({ timestamp: "x" }, { timestamp: "x" }), nowMs), `${nowMs}/2030/x`);
});

Deno.test("escapes: texts stay right when more values come than are remembered", () => {
  const many = template("%{id}/%t");
  for (let round = 0; round < 20; round++) {
    const events = Array.from({ length: 4_000 }, (_, index) => ({
      id: `id-${(round * 4_000 + index) % 50_000}`,
      timestamp: String(1_700_000_000_000 + index),
    }));
    const expected = events.map(({ id, timestamp }) => `${id}/${timestamp}`);
    assert.deepEqual(many.texts(eventsWith(...events), 0), expected);
  }
});

const anyTemplate = fc.array(
  fc.constantFrom(
    "%{a}",
    "%{b}",
    "%{timestamp}",
    "%t",
    "%H",
    "%M",
    "%S",
    "%d",
    "%z",
    "x",
    "/",
    "%%",
    "%[IP]",
  ),
  { minLength: 1, maxLength: 5 },
).map((parts) => parts.join(""));
const anyColumn = (values: fc.Arbitrary<string | undefined>, size: number) =>
  fc.oneof(values, fc.array(values, { minLength: size, maxLength: size }));
const anyHeader = fc.option(fc.constantFrom("", "p", "q", "p/q", "..", "no_value"), { nil: undefined });
const anyTime = fc.integer({ min: 0, max: 40 }).map((steps) => String(1_711_846_799_000 + steps * 501));

Deno.test("escapes: what events of a batch get is what each gets alone, whatever came before", () => {
  const property = fc.property(anyTemplate, fc.boolean(), fc.gen(), (text, useLocalTimeStamp, gen) => {
    const options = { useLocalTimeStamp, timeZone: "Europe/Berlin" };
    const many = template(text, options);
    for (let round = 0; round < 3; round++) {
      const size = gen(fc.integer, { min: 1, max: 6 });
      const columns = {
        a: gen(anyColumn, anyHeader, size),
        b: gen(anyColumn, anyHeader, size),
        timestamp: gen(anyColumn, anyTime, size),
      };
      const headers = new Map(Object.entries(columns).filter(([, column]) => column !== undefined)) as Map<
        string,
        Column
      >;
      const batch = eventsWith(...Array.from({ length: size }, () => ({}))).with({ headers });
      const nowMs = 1_711_846_799_000 + round * 700;
      const alone = Array.from(
        { length: size },
        (_, index) => template(text, options).texts(eventsWith(batch.event(index).headers), nowMs),
      );
      const texts = many.texts(batch, nowMs);
      assert.equal(typeof texts === "string", new Set(alone).size === 1);
      assert.deepEqual(typeof texts === "string" ? alone.map(() => texts) : texts, alone);
    }
  });
  fc.assert(property);
});

/** What is wrong with the second and third of four timestamps. */
const ODD_TIMES: readonly (readonly [string, RegExp])[] = [
  ["1700000000", /"1700000000", which looks like seconds, not milliseconds; write epoch milliseconds/],
  ["0", /looks like seconds/],
  ["-1700000000000", /looks like seconds/],
  ["1700000000000000", /looks like microseconds/],
  ["2023-11-14T22:13:20Z", /"2023-11-14T22:13:20Z", which is not a plain whole number/],
  ["1.7e12", /not a plain whole number/],
  [" 1700000000000", /not a plain whole number/],
  ["", /"", which is not/],
];

for (const [time, complaint] of ODD_TIMES) {
  Deno.test(`escapes: a timestamp of "${time}" is poison with the reason`, () => {
    const good = { timestamp: "1700000000000" };
    const batch = eventsWith(good, { timestamp: time }, { timestamp: time }, good);
    assert.throws(() => template("%H").texts(batch, 0), (thrown) => {
      assert.ok(thrown instanceof PoisonError);
      assert.deepEqual(thrown.indexes, [1, 2]);
      assert.match(thrown.message, complaint);
      return true;
    });
  });
}

Deno.test("escapes: events without a timestamp are poison, those with another fault come after them", () => {
  const batch = eventsWith({ timestamp: "1700000000000" }, {}, { timestamp: "12" }, {});
  assert.throws(() => template("%t").texts(batch, 0), (thrown) => {
    assert.ok(thrown instanceof PoisonError);
    assert.deepEqual(thrown.indexes, [1, 3]);
    assert.match(
      thrown.message,
      /"timestamp" is missing; add a timestamp interceptor, or set useLocalTimeStamp/,
    );
    return true;
  });
  assert.throws(() => template("%t").texts(eventsWith({}, {}), 0), { indexes: [0, 1] });
});

Deno.test("escapes: timestamps with one fault are poison together, and told as several", () => {
  const batch = eventsWith({ timestamp: "gestern" }, { timestamp: "" });
  assert.throws(() => template("%t").texts(batch, 0), {
    indexes: [0, 1],
    message: /is "gestern" or the like, which is not a plain whole number/,
  });
});

Deno.test("escapes: a template without times asks for no timestamp", () => {
  assert.equal(textOf("%{app}/%[localhost]/%%", { app: "a" }), "a/web7/%");
});
