import type { Journal } from "../../journal/mod.ts";
import { CommandError } from "../exit.ts";
import { print } from "../_terminal.ts";
import { channelNamed } from "./export.ts";
import { type JournalHome, segmentsOf } from "./home.ts";
import { counted, faultLines } from "./inspect.ts";
import { openJournal } from "./open.ts";
import { placeOf, type WrittenPlace } from "./place.ts";

/** Where a channel is to go on. */
export interface RewindChoice {
  readonly channel: string;
  readonly to: string;
}

/** Moves the cursor of a channel, so that it delivers events again, or passes some by. */
export async function rewind(home: JournalHome, { channel, to }: RewindChoice): Promise<void> {
  const place = placeOf("to", to);
  const { segments } = await segmentsOf(home);
  const journal = await openJournal(home);
  try {
    const { cursor } = channelNamed(channel, journal.state.channels);
    const target = targetOf(journal, place, segments[0]!.head?.timeMs ?? 0);
    const moved = await journal.moveChannel(channel, target);
    print(
      `${faultLines(journal.faults)}Channel "${channel}" moved from sequence ${cursor} to ${moved.cursor}: ` +
        `${counted(moved.size, "event")} to deliver\n`,
    );
  } finally {
    await journal.close();
  }
}

function targetOf(
  { firstSequence, committedSequence }: Journal,
  place: WrittenPlace,
  oldestMs: number,
): { readonly sequence: number } | { readonly timeMs: number } {
  if (place === "earliest") return { sequence: firstSequence };
  if (place === "end") return { sequence: committedSequence };
  const oldest = `sequence ${firstSequence}, put at ${new Date(oldestMs).toISOString()} or later`;
  if ("timeMs" in place) {
    if (place.timeMs >= oldestMs || firstSequence === 0) return place;
    throw notKept(`${new Date(place.timeMs).toISOString()}`, oldest);
  }
  if (place.sequence < firstSequence) throw notKept(`sequence ${place.sequence}`, oldest);
  if (place.sequence <= committedSequence) return place;
  throw new CommandError(
    `Cannot move to sequence ${place.sequence}: the journal ends at ${committedSequence}`,
    {
      fix: "write end, or a smaller number",
    },
  );
}

function notKept(place: string, oldest: string): CommandError {
  return new CommandError(`Cannot move to ${place}: the oldest event kept is ${oldest}`, {
    fix: "write earliest; how long delivered events are kept is set by `retention` of the channel",
  });
}
