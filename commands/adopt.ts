import { isDeepStrictEqual } from "node:util";
import type { Plan } from "../core/plan.ts";
import type { PositionStore } from "../core/position.ts";
import type { ChannelFill } from "./_adopt/fill_channels.ts";
import { type Finding, surveyFlume } from "./_adopt/survey.ts";
import { defineCommand } from "./command.ts";
import { CommandError, EXIT } from "./exit.ts";
import { compileFile, onlyFile, PIPELINE_OPTIONS } from "./_pipeline_file.ts";
import { filePositions } from "./_positions.ts";
import { errorColour, print, printError } from "./_terminal.ts";

const options = {
  ...PIPELINE_OPTIONS,
  "dry-run": { type: "boolean", about: "Only tell what would be done." },
  force: {
    type: "boolean",
    about: "Take all over once more; what was taken over before comes again.",
  },
} as const;

export default defineCommand({
  name: "adopt",
  summary: "Takes over how far a Flume agent had come: positions, half-read files, queued events.",
  usage: ["adopt [--dry-run] [--force] CONF --name NAME"],
  about: "Stop the old agent first. Read are the position file of taildir sources, the tracker file of\n" +
    "spooldir sources, and the logs of file channels. The next `sluice agent` or `sluice run` with the\n" +
    "same file and name goes on from there, without loss and without repeating. Do not start the old\n" +
    "agent again after that: it would deliver what it still holds.\n\n" +
    "With --force sources go back to where Flume was, and also queued events that were taken over before\n" +
    "come again: what was delivered since then is delivered twice.",
  options,
  positionals: { min: 0, max: 1, complete: "files" },
  example: "sluice adopt flume.conf --name a1 --dry-run",
  exitCodes: ["ok", "findings", "usage", "failed"],
  async run({ values, positionals }) {
    const file = onlyFile("adopt", positionals, values);
    const { plan, diagnostics } = await compileFile(file, values);
    const { renderDiagnostics } = await import("../compiler/diagnostics.ts");
    printError(renderDiagnostics(diagnostics, { colour: errorColour() }));
    if (!plan) return EXIT.findings;
    const findings = await surveyFlume(plan);
    print(`${plan.name} of ${file}, state in ${plan.stateDir}\n${findings.map(textOf).join("")}`);
    if (values["dry-run"]) {
      print("Nothing is written (--dry-run)\n");
      return EXIT.ok;
    }
    const positions = await openPositions(plan);
    try {
      await takeOver(plan, findings, { positions, isForced: values.force === true });
    } finally {
      await positions.close();
    }
    return EXIT.ok;
  },
});

function textOf({ kind, part: { name, type }, adoption: { found, warnings } }: Finding): string {
  const lines = [...found, ...warnings.map((text) => `warning: ${text}`)];
  return [
    `${kind} ${name} (${type})`,
    ...lines.length > 0 ? lines.map((line) => `  ${line}`) : ["  nothing to take over"],
  ]
    .map((line) => `${line}\n`).join("");
}

async function openPositions({ stateDir }: Plan) {
  try {
    return await filePositions(stateDir);
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    throw new CommandError(cause.message, { cause: cause.cause, fix: `stop the pipeline; ${cause.fix}` });
  }
}

interface Taking {
  readonly positions: PositionStore;
  readonly isForced: boolean;
}

/** Channels first: the positions are written at once, and last, so that what a crash leaves can be done again. */
async function takeOver(plan: Plan, findings: readonly Finding[], taking: Taking): Promise<void> {
  const { fillChannels, fillName } = await import("./_adopt/fill_channels.ts");
  const sources = findings.filter(({ kind, adoption }) =>
    kind === "source" && hasPosition(adoption.position)
  );
  const fills = findings.flatMap(({ part, adoption: { events } }) =>
    events && events.size > 0 ? [{ channel: part, events }] : []
  );
  if (!taking.isForced) {
    for (const { part, adoption } of sources) refuseNewer(part.name, adoption.position!, taking.positions);
    for (const { channel, events } of fills) {
      refuseOther(channel.name, { mark: events.mark, taking, fillName });
    }
  }
  const { positions, isForced } = taking;
  const open = fills.filter(({ channel, events }) =>
    isForced || positions.load(fillName(channel.name))?.[events.mark] !== events.size
  );
  const moved = sources.filter(({ part, adoption }) =>
    isForced || !isSamePosition(positions.load(part.name), adoption.position!)
  );
  if (isForced) { for (const { channel } of open) forget(fillName(channel.name), positions); }
  const filled = open.length > 0 ? await fillChannels(plan, open, positions) : [];
  for (const { part, adoption } of sources) {
    forget(part.name, positions);
    positions.save(part.name, adoption.position!);
  }
  await positions.flush();
  print(summary(plan, { sources, fills }, { sources: moved, fills: filled }));
}

/** Whoever kept the position before begins with the store's. */
function forget(source: string, positions: PositionStore): void {
  positions.setKeeper(source, undefined);
  positions.save(source, {});
}

interface Takeover {
  readonly sources: readonly Finding[];
  readonly fills: readonly ChannelFill[];
}

function summary(plan: Plan, all: Takeover, now: Takeover): string {
  const before = {
    sources: all.sources.filter((source) => !now.sources.includes(source)),
    fills: all.fills.filter((fill) => !now.fills.includes(fill)),
  };
  const lines = [line("Taken over", now, plan), line("Was taken over before, left as it is", before, plan)];
  return lines.join("") || "There was nothing to take over\n";
}

function line(title: string, { sources, fills }: Takeover, { stateDir }: Plan): string {
  const names = sources.map(({ part }) => part.name).join(", ");
  const parts = [
    ...sources.length > 0 ? [`positions of ${names} in ${stateDir}/positions.json`] : [],
    ...fills.map(({ channel, events }) => `${events.size} events in channel ${channel.name}`),
  ];
  return parts.length > 0 ? `${title}: ${parts.join("; ")}\n` : "";
}

function isSamePosition(own: object | undefined, position: object): boolean {
  return own !== undefined && isDeepStrictEqual({ ...own }, { ...position });
}

function hasPosition(position: Finding["adoption"]["position"]): boolean {
  return position !== undefined && Object.keys(position).length > 0;
}

function refuseNewer(name: string, position: object, positions: PositionStore): void {
  const own = positions.load(name);
  if (own === undefined || isSamePosition(own, position)) return;
  throw new CommandError(`Source "${name}" has a position of its own already`, {
    fix: "it would be set back to where Flume was, and events would come again; to do so, add --force",
  });
}

function refuseOther(
  channel: string,
  { mark, taking, fillName }: {
    readonly mark: string;
    readonly taking: Taking;
    readonly fillName: (name: string) => string;
  },
): void {
  const known = Object.keys(taking.positions.load(fillName(channel)) ?? {});
  if (known.length === 0 || known.includes(mark)) return;
  throw new CommandError(`Channel "${channel}" was taken over before, and Flume has written to it since`, {
    fix: "let the old agent deliver what it holds; to take all of it over once more, add --force",
  });
}
