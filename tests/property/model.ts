import fc from "fast-check";
import { type BatchLayout, type Column, EventBatch, type Position } from "sluice/plugin";

/** One event as the simplest thing that can hold it. */
export interface ModelEvent {
  readonly body: readonly number[];
  readonly headers: Readonly<Record<string, string>>;
}

/** A batch and the plain array of events that it stands for. */
export interface Modelled {
  readonly batch: EventBatch;
  readonly events: readonly ModelEvent[];
  readonly position: Position | undefined;
}

const BODY = fc.uint8Array({ maxLength: 24 }).map((bytes) => bytes.filter((byte) => byte !== 10));
const HEADERS = fc.dictionary(fc.constantFrom("host", "status", "größe"), fc.string({ maxLength: 6 }), {
  noNullPrototype: true,
});
const POSITION = fc.option(
  fc.dictionary(fc.constantFrom("2049:1", "2049:2"), fc.nat(), { noNullPrototype: true }),
  { nil: undefined },
);

/** Batches of every layout, at any place of a block that holds other bytes too, with headers for all and for each. */
export const MODELLED: fc.Arbitrary<Modelled> = fc.record({
  events: fc.array(fc.record({ body: BODY, headers: HEADERS }), { maxLength: 12 }),
  layout: fc.constantFrom<BatchLayout>("dense", "sparse", "packed"),
  margin: fc.nat(40),
  shared: fc.option(fc.string({ maxLength: 6 }), { nil: undefined }),
  position: POSITION,
}).map(({ events, layout, margin, shared, position }) => {
  const headers = columnsOf(events.map(({ headers }) => headers));
  if (shared !== undefined) headers.set("datacenter", shared);
  const batch = new EventBatch({ ...lay(events.map(({ body }) => body), layout, margin), headers, position });
  const model = events.map(({ body, headers }) => ({
    body: Array.from(body),
    headers: shared === undefined ? headers : { ...headers, datacenter: shared },
  }));
  return { batch, events: model, position };
});

function columnsOf(headers: readonly Readonly<Record<string, string>>[]): Map<string, Column> {
  const columns = new Map<string, Column>();
  for (const name of new Set(headers.flatMap((one) => Object.keys(one)))) {
    columns.set(name, headers.map((one) => one[name]));
  }
  return columns;
}

/** Lays bodies into a block as the layout promises, with other bytes in front and behind. */
function lay(bodies: readonly Uint8Array[], layout: BatchLayout, margin: number) {
  const gap = { dense: [10], sparse: [13, 10], packed: [] }[layout];
  const bytes = bodies.reduce((sum, body) => sum + body.length + gap.length, 0);
  const block = new Uint8Array(bytes + 2 * margin).fill(0x58);
  const starts = new Uint32Array(bodies.length + 1);
  const ends = new Uint32Array(bodies.length + 1);
  let offset = margin;
  for (const [index, body] of bodies.entries()) {
    starts[index] = offset;
    block.set(body, offset);
    offset += body.length;
    ends[index] = offset;
    block.set(gap, offset);
    offset += gap.length;
  }
  return { block, starts, ends, size: bodies.length, layout };
}

/** What stands in a batch, as the model has it. */
export function eventsOf(batch: EventBatch): ModelEvent[] {
  return Array.from(batch, ({ headers, body }) => ({ headers: { ...headers }, body: Array.from(body) }));
}

/** Throws when the bytes do not lie as the batch's layout says. */
export function checkLayout({ size, starts, ends, block, layout }: EventBatch): void {
  for (let index = 0; index < size; index++) {
    if (index > 0 && starts[index]! < ends[index - 1]!) {
      throw new Error(`Body ${index} begins inside the one before`);
    }
    if (layout === "packed") continue;
    if (block.subarray(starts[index], ends[index]).includes(10)) {
      throw new Error(`Body ${index} holds a newline`);
    }
    const next = index + 1 < size ? starts[index + 1] : ends[index]! + 1;
    const between = block.subarray(ends[index], next);
    if (layout === "dense" && (between.length !== 1 || between[0] !== 10)) {
      throw new Error(`No single newline at ${index}`);
    }
    if (index + 1 < size && !between.includes(10)) throw new Error(`No newline behind body ${index}`);
  }
}
