/** What happened in one run, or in many. */
export class RunFigures {
  steps = 0;
  groups = 0;
  refused = 0;
  eventsPut = 0;
  eventsRead = 0;
  reopened = 0;
  kills = 0;
  cuts = 0;
  faults = 0;
  flips = 0;
  /** Acknowledged events that a bit that was turned over took with it; each of them was reported. */
  lost = 0;
  /** Events that are delivered again, because the cursor was not on the disk yet. */
  repeated = 0;
  /** Events that a failing disk made the journal refuse, and that were there again after a crash all the same. */
  returned = 0;
  /** Acknowledged events that a power cut took from a journal that does not sync each commit. */
  unsynced = 0;

  add(other: RunFigures): void {
    for (const key of Object.keys(this) as (keyof this)[]) {
      if (typeof this[key] === "number") (this[key] as number) += other[key as keyof RunFigures] as number;
    }
  }

  toString(): string {
    const { steps, groups, refused, eventsPut, eventsRead, reopened, kills, cuts, faults, flips } = this;
    return `${steps} steps · ${reopened} opened again, ${kills} kills, ${cuts} power cuts · ${faults} faults · ` +
      `${flips} flips · ${groups} groups, ${eventsPut} events put, ${refused} groups refused, ${eventsRead} events read · ` +
      `${this.lost} lost to flips and reported · ${this.repeated} repeated · ${this.returned} refused and there again · ${this.unsynced} not synced and lost`;
  }
}
