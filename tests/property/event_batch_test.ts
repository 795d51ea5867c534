import assert from "node:assert/strict";
import fc from "fast-check";
import { EventBatch, joinPositions } from "sluice/plugin";
import { checkLayout, eventsOf, MODELLED } from "./model.ts";

/** A failing run prints its seed; PROPERTY_SEED takes it back. */
const SEED = Deno.env.get("PROPERTY_SEED");
const RUNS = { numRuns: 200, ...SEED === undefined ? {} : { seed: Number(SEED) } };

Deno.test("batch gives the events that it was made of, whatever its layout", () => {
  fc.assert(
    fc.property(MODELLED, ({ batch, events }) => {
      assert.deepEqual(eventsOf(batch), events);
      assert.equal(batch.bodyBytes, events.reduce((sum, { body }) => sum + body.length, 0));
      for (const [index, { headers }] of events.entries()) {
        for (const name of batch.headers.keys()) assert.equal(batch.header(index, name), headers[name]);
      }
      checkLayout(batch);
    }),
    RUNS,
  );
});

Deno.test("batch filters as an array does, and keeps its position", () => {
  fc.assert(
    fc.property(MODELLED, fc.func(fc.boolean()), ({ batch, events, position }, keep) => {
      const kept = batch.filter((index) => keep(index));
      assert.deepEqual(eventsOf(kept), events.filter((_, index) => keep(index)));
      assert.deepEqual(kept.position, position);
      assert.equal(kept.block, batch.block);
      checkLayout(kept);
    }),
    RUNS,
  );
});

Deno.test("batch selects events by ascending places", () => {
  fc.assert(
    fc.property(MODELLED, fc.uniqueArray(fc.nat(11)), ({ batch, events }, wished) => {
      const places = wished.filter((place) => place < events.length).sort((one, other) => one - other);
      const selected = batch.select(Uint32Array.from(places));
      assert.deepEqual(eventsOf(selected), places.map((place) => events[place]));
      checkLayout(selected);
    }),
    RUNS,
  );
});

Deno.test("batch slices as an array does, and only the last slice has the position, the others an empty one", () => {
  fc.assert(
    fc.property(MODELLED, fc.nat(12), fc.nat(14), ({ batch, events, position }, one, other) => {
      const [from, to] = [Math.min(one, other, events.length), Math.max(one, other)];
      const slice = batch.slice(from, to);
      assert.deepEqual(eventsOf(slice), events.slice(from, to));
      assert.deepEqual(slice.position, to >= events.length ? position : position && {});
      checkLayout(slice);
    }),
    RUNS,
  );
});

Deno.test("batches join in order; positions join key by key", () => {
  fc.assert(
    fc.property(fc.array(MODELLED, { minLength: 1, maxLength: 5 }), (parts) => {
      const joined = EventBatch.concat(parts.map(({ batch }) => batch));
      assert.deepEqual(eventsOf(joined), parts.flatMap(({ events }) => events));
      const [first, ...others] = parts.map(({ position }) => position);
      assert.deepEqual(joined.position, others.reduce(joinPositions, first));
      checkLayout(joined);
    }),
    RUNS,
  );
});

Deno.test("detached batch keeps its events when the block is overwritten", () => {
  fc.assert(
    fc.property(MODELLED, ({ batch, events, position }) => {
      const detached = batch.detach();
      batch.block.fill(0);
      assert.deepEqual(eventsOf(detached), events);
      assert.deepEqual(detached.position, position);
      assert.equal(detached.lease, undefined);
      checkLayout(detached);
    }),
    RUNS,
  );
});

Deno.test("batch with a new header shares the rest, and the old one does not change", () => {
  fc.assert(
    fc.property(MODELLED, fc.string(), ({ batch, events }, value) => {
      const labelled = batch.withHeader("label", value);
      assert.deepEqual(
        eventsOf(labelled),
        events.map(({ body, headers }) => ({ body, headers: { ...headers, label: value } })),
      );
      assert.deepEqual(eventsOf(batch), events);
      assert.equal(labelled.block, batch.block);
    }),
    RUNS,
  );
});

Deno.test("batch as latin1 text has one character for each byte, at the same offsets", () => {
  fc.assert(
    fc.property(MODELLED, ({ batch, events }) => {
      const { text, base } = batch.latin1();
      for (const [index, { body }] of events.entries()) {
        const cut = text.slice(batch.starts[index]! - base, batch.ends[index]! - base);
        assert.deepEqual(Array.from(cut, (character) => character.charCodeAt(0)), body);
      }
    }),
    RUNS,
  );
});

Deno.test("any chain of operations keeps batch and model alike", () => {
  const step = fc.oneof(
    fc.record({ name: fc.constant("filter" as const), by: fc.integer({ min: 2, max: 4 }) }),
    fc.record({ name: fc.constant("slice" as const), by: fc.nat(5) }),
    fc.record({ name: fc.constant("double" as const), by: fc.constant(0) }),
    fc.record({ name: fc.constant("detach" as const), by: fc.constant(0) }),
  );
  fc.assert(
    fc.property(MODELLED, fc.array(step, { maxLength: 6 }), (start, steps) => {
      let { batch, events } = start;
      for (const { name, by } of steps) {
        if (name === "filter") {
          [batch, events] = [
            batch.filter((index) => index % by > 0),
            events.filter((_, index) => index % by > 0),
          ];
        } else if (name === "slice") {
          const from = Math.min(by, batch.size);
          [batch, events] = [batch.slice(from, batch.size), events.slice(from)];
        } else if (name === "double") {
          [batch, events] = [EventBatch.concat([batch, batch]), [...events, ...events]];
        } else batch = batch.detach();
        assert.deepEqual(eventsOf(batch), events);
        checkLayout(batch);
      }
    }),
    RUNS,
  );
});
