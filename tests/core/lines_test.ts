import assert from "node:assert/strict";
import { type LineOptions, splitLines } from "sluice/plugin";

const UTF8 = new TextEncoder();

function split(text: string, options: LineOptions = {}) {
  const bytes = UTF8.encode(text);
  const { starts, ends, size, layout, consumedBytes } = splitLines(bytes, options);
  const lines = Array.from(
    { length: size },
    (_, index) => new TextDecoder().decode(bytes.subarray(starts[index], ends[index])),
  );
  return { lines, layout, consumedBytes };
}

const CASES: readonly [
  what: string,
  text: string,
  options: LineOptions,
  expected: ReturnType<typeof split>,
][] = [
  ["finds nothing in nothing", "", {}, { lines: [], layout: "dense", consumedBytes: 0 }],
  ["keeps empty lines", "\n\nGET /\n", {}, { lines: ["", "", "GET /"], layout: "dense", consumedBytes: 8 }],
  ["leaves an unfinished line", "login\nlog", {}, { lines: ["login"], layout: "dense", consumedBytes: 6 }],
  ["takes an unfinished line when nothing follows", "login\nlog", { last: true }, {
    lines: ["login", "log"],
    layout: "sparse",
    consumedBytes: 9,
  }],
  ["keeps carriage returns unless asked", "a\r\nb\n", {}, {
    lines: ["a\r", "b"],
    layout: "dense",
    consumedBytes: 5,
  }],
  ["cuts carriage returns when asked", "café\r\n\r\nb\n", { cutReturn: true }, {
    lines: ["café", "", "b"],
    layout: "sparse",
    consumedBytes: 11,
  }],
  ["keeps the carriage return of an unfinished line", "a\r", { cutReturn: true, last: true }, {
    lines: ["a\r"],
    layout: "sparse",
    consumedBytes: 2,
  }],
  ["cuts long lines into several", "abcdefg\nhi\n", { maxLineBytes: 3 }, {
    lines: ["abc", "def", "g", "hi"],
    layout: "packed",
    consumedBytes: 11,
  }],
  ["does not cut a line that is just long enough", "abc\ndef\r\n", { maxLineBytes: 3, cutReturn: true }, {
    lines: ["abc", "def"],
    layout: "sparse",
    consumedBytes: 9,
  }],
  ["cuts an unfinished line only past the limit", "abcdefg", { maxLineBytes: 3 }, {
    lines: ["abc", "def"],
    layout: "packed",
    consumedBytes: 6,
  }],
];

for (const [what, text, options, expected] of CASES) {
  Deno.test(`splitLines ${what}`, () => assert.deepEqual(split(text, options), expected));
}

Deno.test("splitLines counts from the start of a view, not of its buffer", () => {
  const bytes = UTF8.encode("skipped GET /cart\nPOST /login\n").subarray(8);
  const { starts, ends, size } = splitLines(bytes);
  assert.deepEqual([[...starts.subarray(0, size)], [...ends.subarray(0, size)]], [[0, 10], [9, 21]]);
});

Deno.test("splitLines finds every line of many with lengths that vary", () => {
  const lines = Array.from({ length: 5000 }, (_, index) => "köln ".repeat(index % 37) + index);
  assert.deepEqual(split(lines.join("\n") + "\n").lines, lines);
});
