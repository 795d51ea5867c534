// Events are known to other agents by their numbers. When a journal is copied and both copies go on, they give the same
// numbers to different events; so each opening of a journal has a name of its own, which its events carry.
import type { Journal, Note } from "../../../journal/mod.ts";

/** No source has such a name: the name of a pipeline stands in front of the slash. */
const SOURCE = "/openings";
/** What was put in older ones is known by the oldest of these names. */
const MAX_OPENINGS = 64;

interface Opening {
  /** Sequence of the first event that was put in it. */
  readonly from: number;
  readonly name: string;
}

/** Which opening of a journal each event was put in. */
export class Openings {
  /** Latest first. */
  readonly #openings: readonly Opening[];
  readonly #forgotten: readonly Opening[];
  #isNoted = false;

  /** Begins a new one, behind all that the journal holds. */
  constructor(journal: Journal) {
    const own = { from: journal.committedSequence, name: crypto.randomUUID().slice(0, 13) };
    const known = Object.entries(journal.state.positions[SOURCE] ?? {})
      .map(([from, name]) => ({ from: Number(from), name: String(name) }))
      .filter(({ from }) => from < own.from)
      .sort((one, other) => other.from - one.from);
    this.#openings = [own, ...known.slice(0, MAX_OPENINGS - 1)];
    this.#forgotten = known.slice(MAX_OPENINGS - 1);
  }

  /** What the journal must commit together with the first events of this opening; nothing once it has. */
  get notes(): readonly Note[] {
    if (this.#isNoted) return [];
    const [{ from, name }] = this.#openings as [Opening];
    const forgotten = this.#forgotten.map((opening) => [String(opening.from), null] as const);
    return [{ source: SOURCE, position: { [String(from)]: name, ...Object.fromEntries(forgotten) } }];
  }

  /** The notes are committed. */
  noted(): void {
    this.#isNoted = true;
  }

  /** The name of the opening in which the event with this sequence was put. */
  nameAt(sequence: number): string {
    return this.#openings.find(({ from }) => from <= sequence)?.name ?? "";
  }
}
