import { JournalError } from "../journal/fault.ts";
import { defineCommand } from "./command.ts";
import { CommandError, EXIT, usageError } from "./exit.ts";
import type { JournalHome } from "./_journal/home.ts";
import { PIPELINE_OPTIONS } from "./_pipeline_file.ts";

const options = {
  channel: { type: "string", value: "NAME", about: "Only this channel." },
  json: { type: "boolean", about: "With inspect and verify: print JSON." },
  all: { type: "boolean", about: "With export: delivered events that are still kept, too." },
  from: { type: "string", value: "PLACE", about: "With export: begin here." },
  to: {
    type: "string",
    value: "PLACE",
    about: "With export: end before this; rewind: go on here; repair: a new folder.",
  },
  format: {
    type: "string",
    choices: ["json", "text", "avro"],
    about: "With export: how events are written (json).",
  },
  output: {
    type: "string",
    short: "o",
    value: "FILE",
    about: "With export: a new file instead of standard output.",
  },
  "dry-run": { type: "boolean", about: "With repair: only tell what would be done." },
  "key-file": { type: "string", value: "FILE", about: "Keys of an encrypted journal." },
  "checkpoint-dir": {
    type: "string",
    value: "DIR",
    about: "Where the checkpoint lies, when it is elsewhere.",
  },
  name: PIPELINE_OPTIONS.name,
  agent: PIPELINE_OPTIONS.agent,
  "state-dir": PIPELINE_OPTIONS["state-dir"],
} as const;

type Values = {
  readonly [K in keyof typeof options]?: (typeof options)[K]["type"] extends "boolean" ? boolean : string;
};

const ACTIONS: Readonly<Record<string, (home: JournalHome, values: Values) => Promise<number | void>>> = {
  inspect: async (home, { json }) =>
    await (await import("./_journal/inspect.ts")).inspect(home, json === true),
  verify: async (home, { json }) => await (await import("./_journal/verify.ts")).verify(home, json === true),
  export: async (home, values) => await (await import("./_journal/export.ts")).exportEvents(home, values),
  repair: async (home, values) => await (await import("./_journal/repair.ts")).repair(home, values),
  rewind: async (home, { channel, to }) => {
    if (channel === undefined || to === undefined) {
      throw usageError(
        "journal rewind needs a channel and a place",
        "write for example: sluice journal rewind --channel c1 --to 2026-11-21T10:00 FOLDER",
      );
    }
    await (await import("./_journal/rewind.ts")).rewind(home, { channel, to });
  },
  drop: async (home, { channel }) => {
    if (channel === undefined) {
      throw usageError(
        "journal drop needs a channel",
        "write for example: sluice journal drop --channel c1 FOLDER",
      );
    }
    await (await import("./_journal/drop.ts")).drop(home, channel);
  },
};

export default defineCommand({
  name: "journal",
  summary: "Shows, checks, exports, repairs or changes the journal of file channels.",
  usage: [
    "journal inspect [options] JOURNAL",
    "journal verify [options] JOURNAL",
    "journal export [--channel NAME] [--from PLACE] [--to PLACE] [options] JOURNAL",
    "journal repair [--to DIR | --dry-run] [options] JOURNAL",
    "journal rewind --channel NAME --to PLACE [options] JOURNAL",
    "journal drop --channel NAME [options] JOURNAL",
  ],
  about: "JOURNAL is the folder of a journal (or all its data folders), or a pipeline file whose\n" +
    "channels are on disk. PLACE is a sequence number, earliest, end, or a time such as\n" +
    "2026-11-21T10:00, local unless it ends with Z or +02:00.\n" +
    "inspect, verify and export change nothing and work on a copy and on a journal in use; the\n" +
    "others need it for themselves. repair moves what is damaged into *.damaged files, and keeps\n" +
    "every intact frame. drop gives up a channel that no pipeline has any more, with its events.",
  options,
  positionals: {
    min: 2,
    max: Infinity,
    complete: ["inspect", "verify", "export", "repair", "rewind", "drop"],
  },
  example: "sluice journal verify ~/.sluice/web-1a2b3c4d/journal",
  exitCodes: ["ok", "findings", "usage", "failed"],
  async run({ positionals: [action = "", ...targets], values }) {
    if (!Object.hasOwn(ACTIONS, action)) {
      throw usageError(`There is no "journal ${action}"`, `write one of ${Object.keys(ACTIONS).join(", ")}`);
    }
    try {
      const { homeOf } = await import("./_journal/home.ts");
      return await ACTIONS[action]!(await homeOf(targets, values), values) ?? EXIT.ok;
    } catch (cause) {
      if (!(cause instanceof JournalError)) throw cause;
      throw new CommandError(cause.message, { cause: cause.cause, fix: cause.fix });
    }
  },
});
