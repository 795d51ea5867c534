import { Buffer } from "node:buffer";
import { createCodec, type Encoder, type EventBatch, loneContext } from "../../core/mod.ts";
import type { JournalState, Listing } from "../../journal/mod.ts";
import { CommandError, EXIT } from "../exit.ts";
import { printBytes, printError } from "../_terminal.ts";
import { type Bound, type SelectedEvents, selectEvents } from "./events.ts";
import { type JournalHome, quoted, segmentsOf } from "./home.ts";
import { counted, faultLines } from "./inspect.ts";
import { placeOf } from "./place.ts";
import { stateOf } from "./survey.ts";

/** What is to be exported, as the command line says it. */
export interface ExportChoice {
  readonly channel?: string;
  readonly all?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly format?: string;
  readonly output?: string;
}

const UTF8 = new TextEncoder();
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Formats that a codec writes. */
const CODECS: Readonly<Record<string, string>> = { text: "text", avro: "avro_event" };

/** Writes the events of a journal to standard output or a file; changes nothing in the journal. */
export async function exportEvents(home: JournalHome, choice: ExportChoice): Promise<number> {
  const listing = await segmentsOf(home);
  const selection = {
    channels: await channelsOf(home, listing, choice.channel),
    delivered: choice.all !== true ? "left out" : choice.channel === undefined ? "of all" : "of channels",
    from: boundOf("from", choice.from ?? "earliest"),
    to: boundOf("to", choice.to ?? "end"),
  } as const;
  const format = await formatOf(choice.format ?? "json");
  const target = openTarget(choice.output);
  let [events, faults] = [0, 0];
  try {
    target.write(format.begin());
    for await (const step of selectEvents(home, listing, selection)) {
      if ("fault" in step) {
        faults++;
        printError(faultLines([step.fault]));
        continue;
      }
      events += step.batch.size;
      for (const bytes of await format.encode(step)) target.write(bytes);
    }
    target.write(format.end());
  } finally {
    target.close();
  }
  printError(`${counted(events, "event")} exported\n`);
  return faults === 0 ? EXIT.ok : EXIT.findings;
}

/** How events are written. */
interface Format {
  begin(): Uint8Array;
  encode(events: SelectedEvents): Promise<readonly Uint8Array[]>;
  end(): Uint8Array;
}

const NOTHING = new Uint8Array();
const JSON_LINES: Format = {
  begin: () => NOTHING,
  encode: (events) => Promise.resolve([jsonLines(events)]),
  end: () => NOTHING,
};

async function formatOf(name: string): Promise<Format> {
  const codec = CODECS[name];
  if (codec === undefined) return JSON_LINES;
  const encoder = await encoderOf(codec);
  return {
    begin: () => encoder.begin?.() ?? NOTHING,
    encode: async ({ batch }) => await encoder.encode(batch),
    end: () => encoder.end?.() ?? NOTHING,
  };
}

async function encoderOf(name: string): Promise<Encoder> {
  const [{ loadPlugin }, { z }] = await Promise.all([
    import("../_manifest.ts"),
    import("../../core/schema.ts"),
  ]);
  const plugin = await loadPlugin("codec", name);
  const config = z.object(plugin.config).parse({}) as Record<string, unknown>;
  const codec = await createCodec({ plugin, config }, loneContext(name));
  return codec.encoder!();
}

function jsonLines({ batch, sequence, timeMs, channels }: SelectedEvents): Uint8Array {
  const time = new Date(timeMs).toISOString();
  const lines = Array.from({ length: batch.size }, (_, index) => {
    const { headers } = batch.event(index);
    return `${
      JSON.stringify({ sequence: sequence + index, time, channels, headers, ...bodyOf(batch, index) })
    }\n`;
  });
  return UTF8.encode(lines.join(""));
}

/** As text when it is UTF-8, which JSON can tell without loss. */
function bodyOf(batch: EventBatch, index: number): { body: string; bodyEncoding?: "base64" } {
  const body = batch.body(index);
  try {
    return { body: STRICT_UTF8.decode(body) };
  } catch {
    return { body: Buffer.from(body).toString("base64"), bodyEncoding: "base64" };
  }
}

async function channelsOf(
  home: JournalHome,
  { segments }: Listing,
  name: string | undefined,
): Promise<JournalState["channels"]> {
  const { channels } = await stateOf(home, segments);
  return name === undefined ? channels : { [name]: channelNamed(name, channels) };
}

/**
 * The state of a channel.
 * @throws {CommandError} when the journal has none of that name.
 */
export function channelNamed(
  name: string,
  channels: JournalState["channels"],
): JournalState["channels"][string] {
  const channel = Object.hasOwn(channels, name) ? channels[name] : undefined;
  if (channel) return channel;
  const names = Object.keys(channels);
  throw new CommandError(`The journal has no channel "${name}"`, {
    fix: names.length === 0
      ? "it has none; export can still give its events: --all"
      : `write one of ${quoted(names)}`,
    exit: "usage",
  });
}

function boundOf(option: "from" | "to", written: string): Bound {
  const place = placeOf(option, written);
  if (place === "earliest") return { sequence: 0, timeMs: -Infinity };
  if (place === "end") return { sequence: Infinity, timeMs: Infinity };
  const open = option === "from"
    ? { sequence: 0, timeMs: -Infinity }
    : { sequence: Infinity, timeMs: Infinity };
  return { ...open, ...place };
}

interface Target {
  write(bytes: Uint8Array): void;
  close(): void;
}

function openTarget(path: string | undefined): Target {
  if (path === undefined) return { write: printBytes, close: () => {} };
  try {
    const file = Deno.openSync(path, { write: true, createNew: true });
    return {
      write: (bytes) => {
        for (let offset = 0; offset < bytes.length;) offset += file.writeSync(bytes.subarray(offset));
      },
      close: () => file.close(),
    };
  } catch (cause) {
    throw new CommandError(`Cannot write "${path}"`, {
      cause,
      fix: cause instanceof Deno.errors.AlreadyExists
        ? "choose another name"
        : "name a file in a writable folder",
    });
  }
}
