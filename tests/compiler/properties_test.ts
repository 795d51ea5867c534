import assert from "node:assert/strict";
import { Report } from "../../compiler/diagnostics.ts";
import { readProperties } from "../../compiler/properties.ts";

/** Reads a text as the only file; the properties by their keys. */
function read(text: string) {
  const report = new Report("flume.conf");
  const tree = readProperties([{ text, file: "flume.conf" }], report);
  assert.ok(tree);
  return {
    ...tree,
    values: Object.fromEntries([...tree.properties.values()].map(({ key, value }) => [key, value])),
  };
}

const VALUES: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ["separators of each sort", "a=1\nb:2\nc 3\nd\t=\t4\ne : 5\nf= =6", {
    a: "1",
    b: "2",
    c: "3",
    d: "4",
    e: "5",
    f: "=6",
  }],
  ["blanks around keys and values", "  \ta  =  1 2  \t\n\fb=\f2\f", { a: "1 2", b: "2" }],
  ["comment lines", "# a=1\n  ! b=2\nc=#3\nd=!4", { c: "#3", d: "!4" }],
  ["escapes", "a\\ b\\:c=\\u0041\\t\\q\\\\ \\#", { "a b:c": "A\tq\\ #" }],
  ["continuations", "a = 1 \\\n    2\\\n# 3\nb = x\\\\\nc=\\", { a: "1 2# 3", b: "x\\", c: "" }],
  ["line ends of all sorts, and a byte order mark", "\uFEFFa=1\r\nb=2\rc=3\\\r\n  4\n", {
    a: "1",
    b: "2",
    c: "34",
  }],
  ["text that is not ASCII", "a=Zürich 東京 🌍", { a: "Zürich 東京 🌍" }],
  ["keys without values", "a\nb=\nc = \\\n", { a: "", b: "", c: "" }],
  ["keys with two values", "a=1\nb=2\na=3", { b: "2", a: "3" }],
  ["remarks behind values", "a = r1  # one\nb = 2 #\nc = 1\t#\tx", { a: "r1", b: "2", c: "1" }],
  ["what looks like a remark and is none", "a = #chan\nb = x#1 y\nc = a #b\nd = a \\# b\ne=1#", {
    a: "#chan",
    b: "x#1 y",
    c: "a #b",
    d: "a # b",
    e: "1#",
  }],
  ["quotes that hold a #", `a = grep "a # b" 'c # d' # e\nb = don't # it's`, {
    a: `grep "a # b" 'c # d'`,
    b: "don't",
  }],
  ["remarks in continued lines", "a = k1 # one \\\n  k2 # two\nb = 1", { a: "k1 k2", b: "1" }],
];
for (const [subject, text, expected] of VALUES) {
  Deno.test(`properties reader understands ${subject}`, () => {
    const { values } = read(text);
    assert.deepEqual(values, expected);
    assert.deepEqual(Object.keys(values), Object.keys(expected));
  });
}

Deno.test("properties reader knows where keys, values and remarks stand", () => {
  const { properties } = read(
    "\uFEFF# first\r\n  a.b = \\\r\n\t x # y\r\nc\\\r\n  .d\\\r\n  : 5 \\\r\n 6 #z",
  );
  const at = (key: string) => {
    const { place, valuePlace, remark } = properties.get(key)!;
    return [place, valuePlace, remark?.place].map((one) => one && `${one.line}:${one.column}`);
  };
  assert.deepEqual(at("a.b"), ["2:3", "3:3", "3:5"]);
  assert.deepEqual(at("c.d"), ["4:1", "6:5", undefined]);
});

Deno.test("properties reader gives the tree of a YAML file with agents", () => {
  const { root } = read("x = 1\na1.sources = r1\na1.sources.r1.port=80\na2.channels = c1\nother.y = 2");
  const [agents] = root.entries!;
  assert.equal(agents!.key, "agents");
  assert.deepEqual(agents!.node.entries!.map(({ key }) => key), ["a1", "a2"]);
  const [list, port] = agents!.node.entries![0]!.node.entries!;
  assert.deepEqual([list!.key, list!.node.scalar], ["sources", { text: "r1", value: "r1" }]);
  assert.deepEqual([port!.key, port!.node.scalar], ["sources.r1.port", { text: "80", value: 80 }]);
  assert.deepEqual(port!.place, { line: 3, column: 1, property: "a1.sources.r1.port" });
  assert.deepEqual(port!.node.place, { line: 3, column: 20, property: "a1.sources.r1.port" });
});

Deno.test("properties reader takes the second of two values, and its place in the order", () => {
  const { properties, written } = read("a=1\nb=2\na=3");
  assert.deepEqual([...properties.keys()], ["b", "a"]);
  assert.equal(properties.get("a")!.place.line, 3);
  assert.equal(written.flat().length, 3);
});

Deno.test("properties reader refuses more properties than anybody writes", () => {
  const report = new Report("flume.conf");
  const text = Array.from({ length: 100_002 }, (_, index) => `a.b${index}=1`).join("\n");
  assert.equal(readProperties([{ text, file: "flume.conf" }], report), undefined);
  assert.deepEqual(report.sorted().map(({ code, line }) => [code, line]), [["too-large", 100_001]]);
});

Deno.test("properties reader takes quotes and backslashes without end in time", () => {
  const start = performance.now();
  read(`a = ${"'\\".repeat(50_000)} # x\nb = ${'" # '.repeat(20_000)}`);
  assert.ok(performance.now() - start < 2000);
});
