import { type EventBatch, Pattern } from "sluice/plugin";
import { Charset } from "../../../../plugins/sources/_syslog/charset.ts";
import { Datagrams } from "../../../../plugins/sources/_syslog/datagrams.ts";
import type { EventMaker } from "../../../../plugins/sources/_syslog/event_maker.ts";
import { NewlineFraming } from "../../../../plugins/sources/_syslog/frames.ts";
import { multiportMaker, syslogtcpMaker } from "../../../../plugins/sources/_syslog/makers.ts";
import { Senders } from "../../../../plugins/sources/_syslog/senders.ts";

/** What Flume made of some bytes, which stand as latin1 text; made by tests/data/flume/SyslogGolden.java. */
export interface GoldenCase {
  readonly chunks: readonly string[];
  /** What time it was, in epoch ms. */
  readonly now: number;
  readonly keepFields?: string;
  readonly eventSize?: number;
  readonly charset?: string;
  readonly udp?: boolean;
  readonly format?: Readonly<Record<string, string>>;
  readonly events: readonly GoldenEvent[];
  /** Flume's parser failed on the way: what it had read is lost. */
  readonly thrown?: string;
}

/** An event: headers, and the body as latin1 text. */
export interface GoldenEvent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const EVENT_BYTES = 2500;

/** Reads the cases of a file. */
export function readGolden(name: string): readonly GoldenCase[] {
  const url = new URL(`../../../data/flume/${name}.json`, import.meta.url);
  return JSON.parse(Deno.readTextFileSync(url)).cases;
}

/** What our `syslogtcp` or `syslogudp` makes of the same bytes. */
export async function runSyslogtcp(golden: GoldenCase): Promise<GoldenEvent[]> {
  const { format = {}, keepFields = "none", eventSize = golden.udp ? Infinity : EVENT_BYTES } = golden;
  const pattern = (text: string | undefined) => text === undefined ? undefined : new Pattern(text);
  const settings = {
    keepFields: [keepFields],
    "format.regex": pattern(format.regex),
    "format.search": pattern(format.search),
    "format.replace": format.replace,
    "format.dateFormat": format.dateFormat,
  };
  const maker = syslogtcpMaker(settings, { clock: clockAt(golden.now) }, eventSize);
  if (!golden.udp) return run(golden, maker);
  const nobody = new Senders(
    { clientIPHeader: undefined, clientHostnameHeader: undefined },
    clockAt(golden.now),
  );
  const datagrams = new Datagrams(65_536, nobody);
  for (const chunk of golden.chunks) datagrams.add(latin1(chunk), { hostname: "192.0.2.1" });
  return eventsOf(await datagrams.take(maker));
}

/** What our `multiport_syslogtcp` makes of the same bytes. */
export function runMultiport(golden: GoldenCase): GoldenEvent[] {
  const { charset = "UTF-8", keepFields = "none", eventSize = EVENT_BYTES } = golden;
  const settings = { keepFields: [keepFields], charset: new Charset(charset) };
  return run(golden, multiportMaker(settings, { clock: clockAt(golden.now) }, eventSize));
}

function clockAt(ms: number) {
  return { now: () => ms, sleep: () => Promise.resolve() };
}

/** Feeds chunk after chunk to a framing, as a connection does; without the unfinished line at the end, as Flume. */
function run({ chunks, eventSize = EVENT_BYTES }: GoldenCase, maker: EventMaker): GoldenEvent[] {
  const framing = new NewlineFraming(eventSize);
  const events: GoldenEvent[] = [];
  let rest = "";
  for (const chunk of chunks) {
    rest += chunk;
    const block = latin1(rest);
    const frames = framing.split(block, false);
    events.push(...eventsOf(maker.make({ block, frames, endsAtNewline: true })));
    rest = rest.slice(frames.consumedBytes);
  }
  return events;
}

/** Bytes of latin1 text. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** The events of a batch, as plain as those of Flume. */
export function eventsOf(batch: EventBatch): GoldenEvent[] {
  return Array.from(batch, ({ headers, body }) => ({
    headers: Object.fromEntries(Object.entries(headers).sort(([a], [b]) => a < b ? -1 : 1)),
    body: String.fromCharCode(...body),
  }));
}
