import { type Column, type Context, EventBatch } from "sluice/plugin";
import type { EventColumns } from "../../../protocols/avro_rpc/event_columns.ts";
import type { FetchedRecords } from "../../../protocols/kafka/client.ts";
import { decodeFlumeEvents, type FlumeEventFault } from "../../../protocols/kafka/records/flume_event.ts";
import type { Extract } from "./lane.ts";

/** Flume's name of the header for a record's key. */
const KEY = "key";

/** Header of an event whose record is no Flume event: `Invalid`. The kafka source has the same. */
const STATUS = "flume.kafka.status";

/** Makes events of fetched records, in memory of their own; each record is one event. */
export type EventsOf = (records: FetchedRecords) => readonly Extract[];

/** Takes values as bodies, or as the events that Flume's channel writes; what is no event is told of and passed on as it is. */
export function eventReader(parsesFlumeEvents: boolean, context: Context): EventsOf {
  return (records) => {
    const all = { from: 0, to: records.bodies.size };
    return parsesFlumeEvents
      ? parse(records, all, context)
      : [{ ...all, batch: batchOf(records, { ...records.bodies, headers: new Map() }, all) }];
  };
}

/** Places of records. */
interface Range {
  readonly from: number;
  readonly to: number;
}

function parse(records: FetchedRecords, range: Range, context: Context): readonly Extract[] {
  const { from, to } = range;
  const { block, starts, ends } = records.bodies;
  const bodies = { block, starts: starts.subarray(from, to), ends: ends.subarray(from, to), size: to - from };
  const invalid = (fault: FlumeEventFault) => tell(context, records, { ...fault, index: from + fault.index });
  try {
    const { events, faults } = decodeFlumeEvents(bodies);
    faults.forEach(invalid);
    return [{ ...range, batch: marked(batchOf(records, events, range), faults) }];
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    if (to - from === 1) {
      const fault = { index: 0, reason: cause.message };
      invalid(fault);
      return [{
        ...range,
        batch: marked(batchOf(records, { ...bodies, headers: new Map() }, range), [fault]),
      }];
    }
    // Columns of so many different headers would be too large: fewer events have fewer of them.
    const middle = from + Math.ceil((to - from) / 2);
    return [
      ...parse(records, { from, to: middle }, context),
      ...parse(records, { from: middle, to }, context),
    ];
  }
}

/** As in Flume the record's key wins over what a header of its name says. */
function batchOf(
  { keys, timestamps }: FetchedRecords,
  events: EventColumns,
  { from, to }: Range,
): EventBatch {
  const headers = new Map(events.headers);
  const named = typeof keys === "object" ? keys.slice(from, to) : keys;
  const column = named === undefined ? undefined : over(named, headers.get(KEY));
  if (column !== undefined) headers.set(KEY, column);
  const bornMs = timestamps[from]!;
  return new EventBatch({ ...events, headers, ...bornMs > 0 && { bornMs } }).detach();
}

function over(keys: Column, under: Column | undefined): Column {
  if (typeof keys === "string" || under === undefined) return keys;
  return keys.map((key, index) => key ?? (typeof under === "string" ? under : under[index]));
}

function marked(batch: EventBatch, faults: readonly FlumeEventFault[]): EventBatch {
  if (faults.length === 0) return batch;
  const column = new Array<string | undefined>(batch.size).fill(undefined);
  for (const { index } of faults) column[index] = "Invalid";
  return batch.withHeader(STATUS, column);
}

function tell(
  { counters, log }: Context,
  { topic, partition, offsets }: FetchedRecords,
  { index, reason }: FlumeEventFault,
): void {
  counters.add("EventReadFail");
  const text =
    "Passed on a record as it is, which is no Flume event; for plain values set parseAsFlumeEvent: false";
  log.warn(text, { record: `${topic}/${partition} offset ${offsets[index]}`, reason });
}
