import type { Column } from "sluice/plugin";

/** Gathers the values of one header, event by event: a single text as long as all are the same. */
export class ColumnBuilder {
  #size = 0;
  #mostEvents = 0;
  #first: string | undefined;
  #values: (string | undefined)[] | undefined;

  /** Starts anew, for so many events at most: a list that grew by itself would be copied again and again. */
  start(mostEvents: number): void {
    this.#size = 0;
    this.#mostEvents = mostEvents;
    this.#first = this.#values = undefined;
  }

  add(value: string | undefined): void {
    const index = this.#size++;
    if (this.#values !== undefined) this.#values[index] = value;
    else if (index === 0) this.#first = value;
    else if (value !== this.#first) this.#spread(index, value);
  }

  /** The header of all events; nothing when no event has it. */
  column(): Column | undefined {
    if (this.#values !== undefined && this.#values.length > this.#size) this.#values.length = this.#size;
    return this.#values ?? this.#first;
  }

  #spread(index: number, value: string | undefined): void {
    this.#values = new Array<string | undefined>(this.#mostEvents);
    this.#values.fill(this.#first, 0, index);
    this.#values[index] = value;
  }
}
