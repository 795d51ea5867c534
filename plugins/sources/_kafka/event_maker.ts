import { type Column, type Context, EventBatch } from "sluice/plugin";
import type { EventColumns } from "../../../protocols/avro_rpc/event_columns.ts";
import type { FetchedRecords } from "../../../protocols/kafka/client.ts";
import { decodeFlumeEvents, type FlumeEventFault } from "../../../protocols/kafka/records/flume_event.ts";
import { LazyColumns, numberColumn } from "./lazy_columns.ts";

/** Tells of what was odd about an event's record: `Null` (it had no value), `Invalid` (it is no Flume event). */
const STATUS = "flume.kafka.status";
/** How long no further event that cannot be read is logged. */
const SAME_FAULT_MS = 10_000;
/** Behind the name of a text that is no UTF-8, the reader puts a header with its exact bytes. */
const EXACT = ".base64";

/** What events are made of; names as in the source's config. */
export interface EventSettings {
  readonly useFlumeEventFormat: boolean;
  readonly setTopicHeader: boolean;
  readonly topicHeader: string;
  readonly setOffsetHeader: boolean;
  readonly timestampHeader?: string | undefined;
  /** Flume's header → header of the record. */
  readonly header: Readonly<Record<string, string>>;
}

type LazyColumn = Column | (() => Column);

/** Makes batches of fetched records, without copying their bodies. */
export class EventMaker {
  readonly #settings: EventSettings;
  readonly #context: Context;
  #toldMs = -SAME_FAULT_MS;

  constructor(settings: EventSettings, context: Context) {
    this.#settings = settings;
    this.#context = context;
  }

  /** Whether anything of the records' headers is used. */
  get wantsHeaders(): boolean {
    return Object.keys(this.#settings.header).length > 0;
  }

  /** One batch in almost all cases; together they hold all records in order. */
  batches(records: FetchedRecords): readonly EventBatch[] {
    if (!this.#settings.useFlumeEventFormat) {
      const { bodies } = records;
      return [this.#batch(records, { ...bodies, headers: new Map() }, nullColumn(records))];
    }
    try {
      const { events, faults } = decodeFlumeEvents(records.bodies);
      return [this.#batch(records, events, this.#judge(records, faults))];
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      return this.#withoutSpace(records, cause);
    }
  }

  /** Columns of so many different headers would be too large: fewer events have fewer of them. */
  #withoutSpace(records: FetchedRecords, { message: reason }: RangeError): readonly EventBatch[] {
    const { size } = records.bodies;
    if (size > 1) {
      const middle = Math.ceil(size / 2);
      return [
        ...this.batches(part(records, 0, middle)),
        ...this.batches(part(records, middle, size)),
      ];
    }
    const status = this.#judge(records, [{ index: 0, reason }]);
    return [this.#batch(records, { ...records.bodies, headers: new Map() }, status)];
  }

  /** Says which records were odd. Their whole values stay as bodies, so that nothing is lost. */
  #judge(records: FetchedRecords, faults: readonly FlumeEventFault[]): Column | undefined {
    const nulls = new Set(records.nulls);
    const odd = faults.filter(({ index }) => !nulls.has(index));
    const [first] = odd;
    if (!first) return nullColumn(records);
    const { counters, clock, log } = this.#context;
    counters.add("EventReadFail", odd.length);
    if (Math.abs(clock.now() - this.#toldMs) >= SAME_FAULT_MS) {
      this.#toldMs = clock.now();
      log.warn("Values that are no Flume events are passed on as they are", {
        partition: `${records.topic}/${records.partition}`,
        offset: records.offsets[first.index],
        reason: first.reason,
        status: `${STATUS}: Invalid`,
      });
    }
    const column = new Array<string | undefined>(records.bodies.size).fill(undefined);
    for (const index of nulls) column[index] = "Null";
    for (const { index } of odd) column[index] = "Invalid";
    return column;
  }

  #batch(records: FetchedRecords, events: EventColumns, status: Column | undefined): EventBatch {
    const { size } = events;
    const under = events.headers;
    const columns = new Map<string, LazyColumn>(under);
    const whereAbsent = (name: string, column: LazyColumn) => {
      columns.set(name, filled({ under: under.get(name), column, size }));
    };
    const { setTopicHeader, topicHeader, setOffsetHeader, timestampHeader } = this.#settings;
    whereAbsent("timestamp", String(this.#context.clock.now()));
    if (setTopicHeader) whereAbsent(topicHeader, records.topic);
    whereAbsent("partition", String(records.partition));
    if (setOffsetHeader) whereAbsent("offset", () => numberColumn(records.offsets));
    if (timestampHeader !== undefined) {
      columns.set(timestampHeader, () => numberColumn(records.timestamps));
    }
    for (const [name, column] of this.#fromRecords(records)) {
      columns.set(name, over(column, columns.get(name)));
    }
    if (status !== undefined) columns.set(STATUS, status);
    const { block, starts, ends } = events;
    return new EventBatch({ block, starts, ends, size, headers: new LazyColumns(columns) });
  }

  /** Keys and headers of the records; they win over what events say of themselves. */
  *#fromRecords({ keys, headers }: FetchedRecords): Generator<readonly [string, Column]> {
    const names = [...Object.entries(this.#settings.header)];
    for (const [name, from] of names) {
      const [column, exact] = [headers?.get(from), headers?.get(from + EXACT)];
      if (column !== undefined) yield [name, column];
      if (exact !== undefined) yield [name + EXACT, exact];
    }
    if (keys === undefined) return;
    yield ["key", keys];
    const exact = headers?.get(`key${EXACT}`);
    if (exact !== undefined) yield [`key${EXACT}`, exact];
  }
}

function nullColumn({ nulls, bodies: { size } }: FetchedRecords): Column | undefined {
  if (!nulls || nulls.length === 0) return undefined;
  if (nulls.length === size) return "Null";
  const column = new Array<string | undefined>(size).fill(undefined);
  for (const index of nulls) column[index] = "Null";
  return column;
}

/** A column that speaks for the events of which another one says nothing. */
function filled(
  about: { readonly under: Column | undefined; readonly column: LazyColumn; readonly size: number },
): LazyColumn {
  const { under, column, size } = about;
  if (under === undefined) return column;
  if (typeof under === "string" || !under.includes(undefined)) return under;
  return () => {
    const made = typeof column === "function" ? column() : column;
    return Array.from({ length: size }, (_, index) => under[index] ?? at(made, index));
  };
}

/** A column, and below it another one for the events of which it says nothing. */
function over(column: Column, under: LazyColumn | undefined): LazyColumn {
  if (under === undefined || typeof column === "string" || !column.includes(undefined)) return column;
  return () => {
    const made = typeof under === "function" ? under() : under;
    return column.map((value, index) => value ?? at(made, index));
  };
}

function at(column: Column, index: number): string | undefined {
  return typeof column === "string" ? column : column[index];
}

/** The records from one place up to (not with) another. */
function part(records: FetchedRecords, from: number, to: number): FetchedRecords {
  const { bodies, keys, headers, nulls } = records;
  const slice = (column: Column) => typeof column === "string" ? column : column.slice(from, to);
  return {
    ...records,
    bodies: {
      block: bodies.block,
      starts: bodies.starts.subarray(from, to),
      ends: bodies.ends.subarray(from, to),
      size: to - from,
    },
    offsets: records.offsets.subarray(from, to),
    timestamps: records.timestamps.subarray(from, to),
    keys: keys === undefined ? undefined : slice(keys),
    headers: headers && new Map(Array.from(headers, ([name, column]) => [name, slice(column)])),
    nulls: nulls?.filter((place) => place >= from && place < to).map((place) => place - from),
  };
}
