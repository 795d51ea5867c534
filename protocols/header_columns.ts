import { Buffer } from "node:buffer";

/** One value for all events, or one value (or none) for each; as a batch has it. */
type HeaderColumn = string | readonly (string | undefined)[];

/** Cells that columns may always have together; more must be covered by bytes that were sent. */
const FREE_CELLS = 1024 * 1024;
const MAX_NAMES = 65_536;

/**
 * Gathers headers that lie as UTF-8 in a block, event after event, into columns. Events mostly have the names of the
 * event before, and often its values, so bytes are compared before text is made of them.
 */
export class HeaderColumns {
  readonly #block: Buffer;
  readonly #size: number;
  readonly #columns: ColumnInMaking[] = [];
  readonly #byName = new Map<string, ColumnInMaking>();
  #event = 0;
  #current: ColumnInMaking | undefined;
  #expected = 0;
  #cellsLeft: number;

  /** `size` is the number of events that will come. */
  constructor(block: Uint8Array, size: number) {
    this.#block = Buffer.from(block.buffer, block.byteOffset, block.length);
    this.#size = size;
    this.#cellsLeft = Math.max(FREE_CELLS, block.length);
  }

  /** Says that the next headers are those of this event; events come in order. */
  startEvent(index: number): void {
    this.#event = index;
    this.#expected = 0;
  }

  /** Names the header whose value comes next. */
  name(start: number, end: number): void {
    const expected = this.#columns[this.#expected];
    const isExpected = expected?.nameBytes === end - start && this.#equals(expected.nameStart, start, end);
    this.#current = isExpected ? expected : this.#find(start, end);
    this.#expected = this.#current.place + 1;
  }

  /**
   * Gives the header named last its value in the current event; of two values the later one stays.
   * @throws {RangeError} when the columns would take more memory than the bytes that were sent justify.
   */
  value(start: number, end: number): void {
    const column = this.#current!;
    const event = this.#event;
    const isRepeated = column.valueBytes === end - start && this.#equals(column.valueStart, start, end);
    if (!isRepeated) {
      if (column.count > 0) this.#spread(column);
      column.value = this.#block.toString("utf8", start, end);
      column.valueStart = start;
      column.valueBytes = end - start;
    }
    if (column.values === undefined && column.count < event) this.#spread(column);
    if (column.values !== undefined) column.values[event] = column.value;
    column.count = event + 1;
  }

  /** All columns, when the headers of all events have come. */
  columns(): ReadonlyMap<string, HeaderColumn> {
    const found = new Map<string, HeaderColumn>();
    for (const column of this.#columns) {
      if (column.count < this.#size) this.#spread(column);
      found.set(column.name, column.values ?? column.value);
    }
    return found;
  }

  #find(start: number, end: number): ColumnInMaking {
    const name = this.#block.toString("utf8", start, end);
    const known = this.#byName.get(name);
    if (known) return known;
    const made = new ColumnInMaking(name, this.#columns.length);
    made.nameStart = start;
    made.nameBytes = end - start;
    if (this.#columns.length === MAX_NAMES) throw tooMuch(`more than ${MAX_NAMES} header names`);
    this.#columns.push(made);
    this.#byName.set(name, made);
    return made;
  }

  /** Turns one value for all events so far into one for each. */
  #spread(column: ColumnInMaking): void {
    if (column.values !== undefined) return;
    this.#cellsLeft -= this.#size;
    if (this.#cellsLeft < 0) throw tooMuch(`${this.#columns.length} header names in ${this.#size} events`);
    const values = new Array<string | undefined>(this.#size);
    for (let index = 0; index < column.count; index++) values[index] = column.value;
    for (let index = column.count; index < this.#size; index++) values[index] = undefined;
    column.values = values;
  }

  /** Whether the bytes at `known` are those from `start` to `end`. */
  #equals(known: number, start: number, end: number): boolean {
    const block = this.#block;
    for (let at = start, other = known; at < end; at++, other++) {
      if (block[at] !== block[other]) return false;
    }
    return true;
  }
}

function tooMuch(what: string): RangeError {
  return new RangeError(`The columns for ${what} take too much memory: send fewer events or headers at once`);
}

class ColumnInMaking {
  readonly name: string;
  readonly place: number;
  nameStart = 0;
  nameBytes = 0;
  value = "";
  valueStart = 0;
  /** Nothing is as long as no value. */
  valueBytes = -1;
  /** One behind the last event that has it; while there are no values, all before have it. */
  count = 0;
  /** Absent while all events so far have the same value. */
  values: (string | undefined)[] | undefined;

  constructor(name: string, place: number) {
    this.name = name;
    this.place = place;
  }
}
