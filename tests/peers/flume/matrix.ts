import { confText, type Settings } from "../conf_text.ts";
import { freePorts } from "../free_ports.ts";
import type { KeyStores } from "./key_stores.ts";
import { sinkSettings, sourceSettings, type Wire, WIRES } from "./wires.ts";

/** One of the two programs. */
export type Program = "Sluice" | "Flume";

/** A way from a sending agent to a receiving one. */
export interface Way {
  readonly sender: Program;
  readonly receiver: Program;
  readonly wire: Wire;
  /** Where events for it go into the sender. */
  readonly inPort: number;
  /** Where the sender reaches the receiver. */
  readonly wirePort: number;
  /** Where the receiver writes them. */
  readonly folder: string;
}

const PROGRAMS: readonly Program[] = ["Flume", "Sluice"];
/** Room for all events of a way, so that none has to be sent twice. */
const CHANNEL = { type: "memory", capacity: 20_000, transactionCapacity: 1000 };

/** All ways between two programs, with ports of their own. */
export function allWays(folder: string): Way[] {
  const pairs = PROGRAMS.flatMap((sender) => PROGRAMS.map((receiver) => ({ sender, receiver })));
  const kinds = pairs.flatMap((pair) => WIRES.map((wire) => ({ ...pair, wire })));
  const ports = freePorts(kinds.length * 2);
  return kinds.map((kind, at) => ({
    ...kind,
    inPort: ports[2 * at]!,
    wirePort: ports[2 * at + 1]!,
    folder: `${folder}/${kind.sender}-${kind.receiver}-${kind.wire}`,
  }));
}

/** The name of a way in tables and headers. */
export function nameOf({ sender, receiver, wire }: Way): string {
  return `${sender}→${receiver} ${wire}`;
}

/** The file of an agent that sends all its ways. */
export function senderConf(ways: readonly Way[], stores: KeyStores): string {
  return confOf(ways.map((way) => ({
    source: { type: "avro", bind: "127.0.0.1", port: way.inPort },
    sink: {
      ...sinkSettings(way.wire, stores),
      hostname: "127.0.0.1",
      port: way.wirePort,
      "batch-size": "500",
    },
  })));
}

/** The file of an agent that receives all its ways. */
export function receiverConf(ways: readonly Way[], stores: KeyStores): string {
  return confOf(ways.map((way) => ({
    source: { ...sourceSettings(way.wire, stores), bind: "127.0.0.1", port: way.wirePort },
    sink: {
      type: "file_roll",
      "sink.directory": way.folder,
      "sink.rollInterval": "0",
      "sink.serializer": "avro_event",
    },
  })));
}

interface Flow {
  readonly source: Settings;
  readonly sink: Settings;
}

/** Flows beside each other in one agent. */
function confOf(flows: readonly Flow[]): string {
  return confText(Object.fromEntries(flows.flatMap(({ source, sink }, at) => [
    [`sources.r${at}`, { ...source, channels: `c${at}` }],
    [`channels.c${at}`, CHANNEL],
    [`sinks.k${at}`, { ...sink, channel: `c${at}` }],
  ])));
}
