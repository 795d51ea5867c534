import assert from "node:assert/strict";
import fc from "fast-check";
import { HeaderColumns } from "../../protocols/header_columns.ts";

type Headers = readonly (readonly [name: string, value: string])[];

function gather(events: readonly Headers[], blockBytes = 0): ReadonlyMap<string, unknown> {
  const texts = events.flat(2).map((text) => new TextEncoder().encode(text));
  const block = new Uint8Array(Math.max(blockBytes, texts.reduce((sum, { length }) => sum + length, 0)));
  const columns = new HeaderColumns(block, events.length);
  let [offset, text] = [0, 0];
  const next = (take: (start: number, end: number) => void) => {
    const bytes = texts[text++]!;
    block.set(bytes, offset);
    take(offset, offset += bytes.length);
  };
  for (const [index, headers] of events.entries()) {
    columns.startEvent(index);
    for (const _ of headers) {
      next((start, end) => columns.name(start, end));
      next((start, end) => columns.value(start, end));
    }
  }
  return columns.columns();
}

Deno.test("header columns hold one text when all events have the same value", () => {
  const columns = gather([
    [["host", "web-1"], ["größe", "日本"]],
    [["host", "web-1"], ["größe", "日本"]],
    [["größe", "日本"], ["host", "web-1"]],
  ]);
  assert.deepEqual([...columns], [["host", "web-1"], ["größe", "日本"]]);
});

Deno.test("header columns have gaps where an event lacks a header, at the start, in the middle and at the end", () => {
  const columns = gather([[["a", "1"]], [["b", "2"], ["a", "1"]], [["b", "2"]], [["a", "1"]], []]);
  assert.deepEqual([...columns], [
    ["a", ["1", "1", undefined, "1", undefined]],
    ["b", [undefined, "2", "2", undefined, undefined]],
  ]);
});

Deno.test("header columns keep the later of two values that one event has for a name", () => {
  assert.deepEqual([...gather([[["a", "1"], ["a", "2"]], [["a", "2"]]])], [["a", ["2", "2"]]]);
});

Deno.test("header columns are those of a plain model, whatever comes", () => {
  const text = fc.constantFrom("", "a", "b", "ab", "é", "__proto__", "constructor");
  const events = fc.array(fc.array(fc.tuple(text, text), { maxLength: 5 }), { maxLength: 8 });
  fc.assert(fc.property(events, (events) => {
    const columns = gather(events);
    const names = new Set(events.flat().map(([name]) => name));
    assert.deepEqual([...columns.keys()], [...names]);
    for (const name of names) {
      const column = columns.get(name) as string | readonly (string | undefined)[];
      const got = events.map((_, index) => typeof column === "string" ? column : column[index]);
      assert.deepEqual(got, events.map((headers) => headers.findLast(([other]) => other === name)?.[1]));
    }
  }));
});

Deno.test("header columns refuse more memory than the bytes justify, when every event has names of its own", () => {
  const events = Array.from({ length: 2000 }, (_, index): Headers => [[`name${index}`, "x"]]);
  assert.throws(() => gather(events), /header names in 2000 events take too much memory/);
  assert.equal(gather(events, 2000 * 2000).size, 2000);
});

Deno.test("header columns refuse an event with too many names", () => {
  const headers = Array.from({ length: 65_537 }, (_, index) => [`n${index}`, ""] as const);
  assert.equal(gather([headers.slice(1)]).size, 65_536);
  assert.throws(() => gather([headers]), /more than 65536 header names/);
});
