import { errorText } from "../../core/mod.ts";
import { JournalError, type JournalFault, KIND_EVENTS, readPayload } from "../../journal/mod.ts";
import { openPayload } from "../../journal/sealed.ts";
import { FLAG_SEALED } from "../../journal/seal.ts";
import { decodeFrame } from "../../protocols/event_frame.ts";
import { EXIT } from "../exit.ts";
import { print } from "../_terminal.ts";
import { holderOf, type JournalHome, segmentsOf } from "./home.ts";
import { counted, faultLines } from "./inspect.ts";
import { StateFolder } from "./state_folder.ts";
import { checkpointsOf } from "./survey.ts";
import { type FrameStep, lostText, missingStart, walk } from "./walk.ts";

/** What a verification has read and found. */
interface Verdict {
  readonly inUseBy: string | undefined;
  readonly faults: JournalFault[];
  segments: number;
  frames: number;
  events: number;
  bytes: number;
  /** Encrypted frames that no key was given for: their checksums were read, what is in them was not. */
  unopened: number;
}

/** Reads every frame of a journal and reports each fault; changes nothing. */
export async function verify(home: JournalHome, isJson: boolean): Promise<number> {
  const verdict = await verdictOf(home);
  if (isJson) print(`${JSON.stringify({ ...verdict, inUseBy: verdict.inUseBy ?? null }, null, 2)}\n`);
  else print(verdictText(verdict));
  return verdict.faults.length === 0 ? EXIT.ok : EXIT.findings;
}

/** Adds to the head of a damaged frame what its payload's loss costs. */
export function bodyFault({ frame, segment }: FrameStep, why: string): JournalFault {
  const { head: { sequence, count, payloadBytes }, offset } = frame;
  const lost = count > 0 ? lostText(sequence, sequence + count) : "no event is lost";
  const place = { path: segment.path, offset, bytes: payloadBytes, sequence, events: count };
  return { kind: "damaged-body", ...place, text: `${why}: ${lost}` };
}

async function verdictOf(home: JournalHome): Promise<Verdict> {
  const inUseBy = await holderOf(home);
  const { segments } = await segmentsOf(home);
  const id = segments.find(({ head }) => head)?.head?.journalId;
  const { found: [checkpoint], faults } = await checkpointsOf(home, id);
  const state = new StateFolder(checkpoint);
  const verdict: Verdict = {
    inUseBy,
    faults,
    segments: segments.length,
    frames: 0,
    events: 0,
    bytes: 0,
    unopened: 0,
  };
  for await (const step of walk(segments, checkpoint?.sequence)) {
    if ("fault" in step) {
      // The last frames of a journal at work may be half written.
      if (inUseBy === undefined || step.fault.kind !== "torn-tail") faults.push(step.fault);
    } else if ("file" in step) {
      await state.pass(step);
      const fault = await checkFrame(step, home, verdict);
      if (fault) faults.push(fault);
    } else verdict.bytes += step.segment.bytes;
  }
  const lost = missingStart(state.end(Infinity), segments[0]!);
  if (lost) faults.push(lost);
  return verdict;
}

async function checkFrame(
  step: FrameStep,
  home: JournalHome,
  verdict: Verdict,
): Promise<JournalFault | undefined> {
  const { head } = step.frame;
  verdict.frames++;
  verdict.events += head.kind === KIND_EVENTS ? head.count : 0;
  const stored = await readPayload(step.file, step.frame);
  if (stored === undefined) {
    verdict.events -= head.kind === KIND_EVENTS ? head.count : 0;
    return bodyFault(step, "The payload does not agree with its checksum");
  }
  if (head.kind !== KIND_EVENTS) return undefined;
  if (head.flags & FLAG_SEALED && home.seal === undefined) {
    verdict.unopened++;
    return undefined;
  }
  try {
    decodeFrame(openPayload(home.seal, stored, { ...step.frame, path: step.segment.path }));
    return undefined;
  } catch (cause) {
    if (!(cause instanceof JournalError) && !(cause instanceof RangeError)) throw cause;
    return bodyFault(step, errorText(cause));
  }
}

function verdictText({ segments, frames, events, bytes, unopened, faults, inUseBy }: Verdict): string {
  const read = [
    counted(segments, "segment"),
    counted(frames, "frame"),
    counted(events, "event"),
    counted(bytes, "byte"),
  ];
  return [
    faultLines(faults),
    unopened > 0 ? `${counted(unopened, "frame")} encrypted: give --key-file to look inside\n` : "",
    inUseBy === undefined ? "" : `In use by ${inUseBy}: what is written just now was not judged\n`,
    `${read.join(", ")} read: ${faults.length === 0 ? "no faults" : counted(faults.length, "fault")}\n`,
  ].join("");
}
