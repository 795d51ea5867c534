import assert from "node:assert/strict";
import { propertyPairs } from "../../../commands/_flume/property_pairs.ts";

Deno.test("pairs are read as java.util.Properties reads them", () => {
  const text = [
    "# remark",
    "! remark",
    "team=blue",
    "host : h1:4141",
    "a b",
    "  long = one \\",
    "    two",
    "sp\\ ace\\=x = v\\u00e4l\\n#kept",
    "empty=",
    "alone",
    "tail = x ",
  ].join("\r\n");
  assert.deepEqual(propertyPairs(`\uFEFF${text}`), [
    ["team", "blue"],
    ["host", "h1:4141"],
    ["a", "b"],
    ["long", "one two"],
    ["sp ace=x", "väl\n#kept"],
    ["empty", ""],
    ["alone", ""],
    ["tail", "x "],
  ]);
});
