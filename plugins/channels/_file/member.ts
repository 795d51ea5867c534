import { ChannelFullError, type Context, type Histogram } from "sluice/plugin";
import type { Journal, Start } from "../../../journal/mod.ts";
import type { FramePool } from "./frame_pool.ts";
import type { JournalSettings } from "./journal_settings.ts";
import type { Openings } from "./openings.ts";
import type { Roomy } from "./waiting_puts.ts";
import { WayOut } from "./way_out.ts";

/** Flume's counters of a file channel beside those that every channel has. */
const COUNTERS = [
  "EventPutErrorCount",
  "EventTakeErrorCount",
  "CheckpointWriteErrorCount",
  "CheckpointBackupWriteErrorCount",
  "Unhealthy",
  "Closed",
];
/** Upper bounds for the time of a sync in seconds. */
const SYNC_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What a channel on a journal is configured with. */
export interface ChannelSettings {
  readonly journal: JournalSettings;
  /** Undelivered events at most; Infinity for no limit. */
  readonly capacity: number;
  readonly transactionCapacity: number;
  readonly keepAliveMs: number;
  /** Where it begins when the journal does not know it. */
  readonly from: Start;
  readonly windowBytes: number;
}

/** What a shared journal gives to a channel of its own. */
export interface MemberOptions {
  readonly journal: Journal;
  readonly pool: FramePool;
  readonly openings: Openings;
  readonly settings: ChannelSettings;
  readonly context: Context;
  readonly hasPositions: boolean;
  onRoom(): void;
}

/** A channel as its journal sees it. */
export class Member implements Roomy {
  readonly name: string;
  readonly id: number;
  readonly keepAliveMs: number;
  readonly context: Context;
  readonly out: WayOut;
  /** How long the syncs of its journal take. */
  readonly syncs: Histogram;
  readonly #capacity: number;
  #fault: string | undefined;

  constructor(options: MemberOptions) {
    const { settings, context } = options;
    const { windowBytes, keepAliveMs, capacity } = settings;
    this.name = context.name;
    this.keepAliveMs = keepAliveMs;
    this.context = context;
    this.#capacity = capacity;
    this.out = new WayOut({ ...options, windowBytes });
    this.id = this.out.state.id;
    this.syncs = context.counters.histogram("JournalSyncSeconds", SYNC_SECONDS);
    for (const name of COUNTERS) context.counters.add(name, 0);
    context.counters.set("Open", 1);
  }

  /** Notes that it can no longer be used. */
  close(): void {
    this.context.counters.set("Open", 0);
    this.context.counters.set("Closed", 1);
  }

  /** A put larger than the capacity is let in when nothing else is there. */
  hasRoom(events: number): boolean {
    const held = Math.min(this.out.size, this.out.journaled);
    return held === 0 || held + events <= this.#capacity;
  }

  fullError(events: number): ChannelFullError {
    const { size } = this.out;
    return new ChannelFullError(
      `Cannot put ${events} events: channel "${this.name}" holds ${size} of ${this.#capacity}`,
    );
  }

  /** Notes that the disk has failed; told once until it changes. */
  fail(text: string): void {
    const { counters, log } = this.context;
    counters.set("Unhealthy", 1);
    // The free bytes that a text names change all the time.
    if (textOnly(text) !== textOnly(this.#fault ?? "")) log.error(text);
    this.#fault = text;
  }

  /** Notes that the disk works. */
  recover(): void {
    if (this.#fault === undefined) return;
    this.context.counters.set("Unhealthy", 0);
    this.context.log.info("The journal can be written again", { after: this.#fault });
    this.#fault = undefined;
  }
}

function textOnly(text: string): string {
  return text.replace(/\d+/g, "");
}
