import assert from "node:assert/strict";
import fc from "fast-check";
import { VALUES_IN_PATHS } from "../../../plugins/_escapes/about.ts";
import { template, textOf } from "./escaped.ts";
import { EventBatch } from "sluice/plugin";

for (const { what, value, name } of VALUES_IN_PATHS) {
  Deno.test(`values in paths: ${what} becomes what the page says`, () => {
    assert.equal(textOf("/in/%{v}/x", { v: value }), `/in/${name}/x`);
  });
}

Deno.test("values in paths: a header that is not there is nothing", () => {
  assert.equal(textOf("/in/%{v}/app=%{w}/x", {}), "/in/no_value/app=no_value/x");
  assert.equal(textOf("logs-%{v}", {}, { values: "plain" }), "logs-");
});

Deno.test("values in paths: what HDFS keeps for itself cannot be made from values and text", () => {
  assert.equal(textOf("/.%{v}/%{w}", { v: "reserved", w: "raw" }), "/%2Ereserved/raw");
  assert.equal(textOf("/.%{v}/x", { v: "." }), "/%2E./x");
  assert.equal(textOf("/.%{v}/x", { v: "hidden" }), "/.hidden/x");
  assert.equal(textOf("/%{v}/x", { v: ".snapshot" }), "/%2Esnapshot/x");
  assert.equal(textOf("/%{v}.%{v}/x", { v: "" }), "/no_value.no_value/x");
});

Deno.test("values in paths: with folders a slash parts them as in Flume, and leads nowhere else", () => {
  const values = "folders" as const;
  assert.equal(textOf("/in/%{v}/%{w}", { v: "a/b", w: "c" }, { values }), "/in/a/b/c");
  assert.equal(textOf("/in/x-%{v}-y", { v: "/a//.b/" }, { values }), "/in/x-a/%2Eb-y");
  assert.equal(textOf("/in/%{v}", { v: "../../etc/passwd" }, { values }), "/in/%2E./%2E./etc/passwd");
  assert.equal(textOf("/in/%{v}", { v: "//" }, { values }), "/in/no_value");
  assert.equal(textOf("%{v}", { v: "/etc" }, { values }), "etc");
  const deep = textOf("/in/%{v}", { v: "a/".repeat(10_000) }, { values });
  assert.equal(deep.split("/").length, 2 + 16);
  assert.ok(deep.length < 300);
});

Deno.test("values in paths: a long name is cut between characters and outside of what was encoded", () => {
  for (const char of ["é", "€", "𝄞", "/", "\ud800"]) {
    for (const ahead of ["", "x", "xx", "xxx"]) {
      const name = textOf("%{v}", { v: `${ahead}${char.repeat(300)}` });
      assert.match(name, /^x{0,3}(?:é|€|𝄞|%2F|%ED%A0%80|%ED|%ED%A0)+~[0-9a-f]{32}$/u);
      assert.ok(new TextEncoder().encode(name).length <= 200);
    }
  }
});

Deno.test("values in paths: a value that looks like a shortened name is another one", () => {
  const short = textOf("%{v}", { v: "y".repeat(500) });
  const other = textOf("%{v}", { v: short });
  assert.notEqual(other, short);
  assert.match(other, /~[0-9a-f]{32}$/);
});

/** What is likely to go wrong, mixed with anything. */
const anyValue = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(
    fc.constantFrom("/", "..", ".", "%", "%2F", "%25", "\0", "\ud800", "no_value", "a", "é", "\\", ":"),
  )
    .map((parts) => parts.join("")),
  fc.string({ minLength: 190, maxLength: 260 }),
);

Deno.test("values in paths: no value leads out of its folder, or makes a name that HDFS refuses", () => {
  const path = template("/in/%{v}/d");
  fc.assert(fc.property(anyValue, (v) => {
    const text = path.texts(EventBatch.from([{ headers: { v }, body: "" }]), 0) as string;
    const names = text.split("/");
    assert.deepEqual([names.length, names[0], names[1], names[3]], [4, "", "in", "d"]);
    assert.match(names[2]!, /^[^.\\:\p{Cc}\p{Cs}][^\\:\p{Cc}\p{Cs}]*$/u);
    assert.ok(new TextEncoder().encode(names[2]).length <= 200);
  }));
});

Deno.test("values in paths: different values have different names", () => {
  const path = template("/in/%{v}/d");
  fc.assert(fc.property(anyValue, anyValue, (v, w) => {
    fc.pre(v !== w);
    const batch = EventBatch.from([v, w].map((value) => ({ headers: { v: value }, body: "" })));
    assert.equal(path.texts(batch, 0).length, 2);
    assert.notEqual(typeof path.texts(batch, 0), "string");
  }));
});

Deno.test("values in paths: what is encoded reads back as it was, for readers that decode names of folders", () => {
  const name = textOf("%{v}", { v: "50% of a/b:c\\d" });
  assert.equal(decodeURIComponent(name), "50% of a/b:c\\d");
});
