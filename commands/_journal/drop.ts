import { print } from "../_terminal.ts";
import { channelNamed } from "./export.ts";
import type { JournalHome } from "./home.ts";
import { counted, faultLines } from "./inspect.ts";
import { openJournal } from "./open.ts";

/** Gives a channel up with all that it has not delivered, so that it keeps no segments any more. */
export async function drop(home: JournalHome, channel: string): Promise<void> {
  const journal = await openJournal(home);
  try {
    const { size } = channelNamed(channel, journal.state.channels);
    await journal.removeChannel(channel);
    print(
      `${faultLines(journal.faults)}Channel "${channel}" given up with ${
        counted(size, "undelivered event")
      }\n`,
    );
  } finally {
    await journal.close();
  }
}
