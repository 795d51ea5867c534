import { type Call, defineCommand } from "./command.ts";
import { EXIT, usageError } from "./exit.ts";
import { countOf, durationMs } from "./_duration.ts";
import type { LetterPlace } from "./_dlq/place.ts";
import { onlyFile, PIPELINE_OPTIONS } from "./_pipeline_file.ts";
import { errorColour, printError } from "./_terminal.ts";

const options = {
  component: { type: "string", value: "NAME", about: "With show: what this sink or group refused." },
  reason: {
    type: "string",
    value: "TEXT",
    about: "With show: what was refused for a reason that holds this.",
  },
  limit: { type: "string", value: "N", about: "With show: events at most (20)." },
  to: {
    type: "string",
    short: "t",
    value: "URL",
    about: "With replay: post the events to an http source instead.",
  },
  header: {
    type: "string",
    short: "H",
    value: "LINE",
    multiple: true,
    about: 'With --to: HTTP header such as "Authorization: Bearer …".',
  },
  "retry-for": {
    type: "string",
    value: "TIME",
    about: "With replay: give up when nothing is accepted for so long (60s).",
  },
  delete: {
    type: "boolean",
    about: "With replay: remove files that are delivered instead of renaming them.",
  },
  ...PIPELINE_OPTIONS,
} as const;

type DlqCall = Call<typeof options>;

/** Each action answers whether all was done. */
const ACTIONS: Readonly<Record<string, (place: LetterPlace, values: DlqCall["values"]) => Promise<boolean>>> =
  {
    async list(place) {
      const { listLetters } = await import("./_dlq/list.ts");
      return await listLetters(await folderOf(place));
    },
    async show(place, { component, reason, limit = "20" }) {
      const { showLetters } = await import("./_dlq/show.ts");
      return await showLetters(await folderOf(place), { component, reason, limit: countOf("limit", limit) });
    },
    async replay(place, { to, header = [], "retry-for": retry = "60s", delete: isDeleted = false }) {
      const replaying = { retryMs: durationMs("retry-for", retry), isDeleted };
      if (to !== undefined) {
        const { postLetters } = await import("./_dlq/post.ts");
        return await postLetters(await folderOf(place), { ...replaying, to, headers: header });
      }
      const { replayLetters } = await import("./_dlq/replay.ts");
      return await replayLetters(place, replaying);
    },
  };

export default defineCommand({
  name: "dlq",
  summary: "Lists and shows dead letters, and sends them again.",
  usage: [
    "dlq list PIPELINE|FOLDER",
    "dlq show [--component NAME] [--reason TEXT] [--limit N] PIPELINE|FOLDER",
    "dlq replay [--delete] PIPELINE",
    "dlq replay --to URL [--delete] PIPELINE|FOLDER",
  ],
  about:
    "replay writes events to the sinks that refused them; the pipeline must not be at work. With --to\n" +
    "they are posted as JSON to an http source of a running one. A file whose events are all accepted\n" +
    "is renamed to *.replayed; events that are refused again become new dead letters. A kill repeats\n" +
    "events, and loses none.",
  options,
  positionals: { min: 1, max: 2, complete: ["list", "show", "replay"] },
  example: "sluice dlq show --limit 5 /var/lib/sluice/refused",
  exitCodes: ["ok", "findings", "usage", "failed"],
  async run({ positionals: [action = "", ...targets], values }) {
    if (!Object.hasOwn(ACTIONS, action)) {
      throw usageError(`There is no "dlq ${action}"`, "write dlq list, dlq show or dlq replay");
    }
    const target = onlyFile(`dlq ${action}`, targets, values);
    const { findPlace } = await import("./_dlq/place.ts");
    const place = await findPlace(target, values);
    if ("diagnostics" in place) {
      const { renderDiagnostics } = await import("../compiler/diagnostics.ts");
      printError(renderDiagnostics(place.diagnostics, { colour: errorColour() }));
      return EXIT.findings;
    }
    return await ACTIONS[action]!(place, values) ? EXIT.ok : EXIT.failed;
  },
});

async function folderOf({ folder, inUse }: LetterPlace) {
  const { listFolder } = await import("./_dlq/folder.ts");
  return await listFolder(folder, inUse);
}
