import {
  bool,
  type Config,
  ConfigError,
  type Context,
  defineInterceptor,
  duration,
  int,
  regex,
  text,
} from "sluice/plugin";
import { Duplicates, EARLIER } from "./_dedupe/duplicates.ts";
import { EventKeys } from "./_dedupe/event_keys.ts";
import { KEY_WORDS } from "./_dedupe/key_hash.ts";
import { KeyLog } from "./_dedupe/key_log.ts";
import { SeenKeys } from "./_dedupe/seen_keys.ts";

const config = {
  header: text().optional().describe("The key is the value of this header."),
  regex: regex().optional().describe(
    "The key is the first group of the first match in the body; the whole match where there are no groups.",
  ),
  body: bool().optional().describe("The key is the whole body; so it is when nothing else is chosen."),
  maxKeys: int({ min: 1 }, { unit: "keys" }).default(1_000_000)
    .describe("Keys that are remembered; the oldest go first. Each takes 40 bytes of memory."),
  window: duration("ms").default(600_000)
    .describe("How long a key is remembered after its first arrival; 0 means as long as there is room."),
};

type Settings = Config<typeof config>;

export default defineInterceptor({
  name: "dedupe",
  summary: "Drops events that came before, for senders that repeat.",
  about:
    `A sender that got no answer sends again, and cannot know whether its events were taken. With a key by which the same \
event is known again, the repeats are dropped here and counted as \`EventDuplicateCount\`. An event without the key (no such header, an \
empty value, no match) passes and is counted as \`EventWithoutKeyCount\`.

Nothing is lost by it: a key counts as seen when the event that carried it is safe, not before. When that event is rolled back, its key is \
forgotten, and the sender's next try passes. A repeat that comes while the first is still under way is answered when the first is safe; when \
the first is rolled back, so is the batch with the repeat. What is safe is decided by the channel: behind a memory channel, \
or a file channel with \`sync: interval\` or \`never\`, an event that was accepted and then lost with the process or the power is not let in \
again.

Keys are remembered for \`window\` and up to \`maxKeys\` of them, counted on for the time that this machine is awake, whatever becomes of its \
clock. Memory grows with the keys to 40 bytes for each, half as much again while it grows. They are written to the state folder as soon \
as they are seen, in at most 100 bytes for each of \`maxKeys\`, and a restart finds them there. What was still under way when the program was \
killed may pass once more, and so may events whose keys were not yet on disk when the power failed.

A key is 128 bits made by SipHash with a secret of this interceptor: two different values share one by chance once in 10^32 events at a \
million remembered keys, and nobody who does not know the secret can choose two that do.

Each interceptor of each source has keys of its own. Put it behind those that make the header it looks at, and in front of those that make \
equal events differ, such as \`uuid\` when the key is its header.`,
  config,
  keepsState: true,
  check: complaints,
  examples: [{
    title: "Clients that repeat their posts, with an identifier in a header",
    yaml: `source: { type: http, port: 8080, bind: 127.0.0.1 }
interceptors: [{ type: dedupe, header: eventId, window: 1h }]
sink: { type: file_roll, directory: out }`,
  }, {
    title: "Each order number once",
    yaml: `source: { type: stdin }
interceptors: [{ type: dedupe, regex: 'order=(\\d+)' }]
sink: { type: stdout }`,
  }],
  create(settings, context) {
    const [complaint] = complaints(settings);
    if (complaint) throw new ConfigError(complaint.text);
    return open(settings, context);
  },
});

function open({ header, regex, maxKeys, window: windowMs }: Settings, context: Context) {
  const { clock, counters, log, stateDir, name } = context;
  const choice = { header, regex };
  const nowMs = steadyClock(clock.now());
  const folder = `${stateDir}/dedupe/${name.split("/").map(folderName).join("/")}`;
  const keyLog = new KeyLog({ folder, choice: EventKeys.textOf(choice), maxKeys, windowMs, log, nowMs });
  const seen = new SeenKeys({ maxKeys, windowMs });
  let lastMs = 0;
  for (const { words, timeMs } of keyLog.takeEarlier()) {
    lastMs = Math.max(lastMs, timeMs);
    for (let at = 0; at < words.length; at += KEY_WORDS) {
      seen.meet({ words, at, timeMs: lastMs, batch: EARLIER });
    }
  }
  const keys = new EventKeys(choice, keyLog.secret);
  const duplicates = new Duplicates({ keys, seen, log: keyLog, counters, nowMs });
  return {
    intercept: duplicates.intercept.bind(duplicates),
    close: () => Promise.resolve(keyLog.close()),
  };
}

/** Without the characters and the names that mean something in a path. */
function folderName(name: string): string {
  return encodeURIComponent(name).replaceAll(".", "%2E");
}

/** Goes on from a time without following the jumps of the clock that told it. */
function steadyClock(startMs: number): () => number {
  const origin = performance.now();
  return () => startMs + performance.now() - origin;
}

function complaints({ header, regex, body }: Settings) {
  const chosen = [header !== undefined, regex !== undefined, body === true].filter(Boolean).length;
  if (chosen > 1) {
    return [{
      key: "header",
      text: "More than one key is chosen",
      fix: "keep one of header, regex and body",
    }];
  }
  if (chosen === 0 && body === false) {
    return [{ key: "body", text: "No key is chosen", fix: "name a header or a regex, or leave body out" }];
  }
  return [];
}
