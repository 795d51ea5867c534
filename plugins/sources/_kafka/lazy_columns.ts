import type { Column } from "sluice/plugin";

/** Headers of which some are made only when somebody asks for them: most sinks of bodies never do. */
export class LazyColumns implements ReadonlyMap<string, Column> {
  readonly #columns: Map<string, Column | (() => Column)>;

  constructor(columns: Iterable<readonly [string, Column | (() => Column)]>) {
    this.#columns = new Map(columns);
  }

  get size(): number {
    return this.#columns.size;
  }

  has(name: string): boolean {
    return this.#columns.has(name);
  }

  get(name: string): Column | undefined {
    const column = this.#columns.get(name);
    if (typeof column !== "function") return column;
    const made = column();
    this.#columns.set(name, made);
    return made;
  }

  keys(): MapIterator<string> {
    return this.#columns.keys();
  }

  values(): MapIterator<Column> {
    return this.#made().values();
  }

  entries(): MapIterator<[string, Column]> {
    return this.#made().entries();
  }

  [Symbol.iterator](): MapIterator<[string, Column]> {
    return this.entries();
  }

  forEach(visit: (column: Column, name: string, columns: ReadonlyMap<string, Column>) => void): void {
    for (const [name, column] of this) visit(column, name, this);
  }

  #made(): Map<string, Column> {
    for (const name of this.#columns.keys()) this.get(name);
    return this.#columns as Map<string, Column>;
  }
}

/** A column of whole numbers as texts: one text as long as all are equal. */
export function numberColumn(numbers: Float64Array): Column {
  const [first = 0] = numbers;
  if (numbers.every((number) => number === first)) return String(first);
  const texts = new Array<string>(numbers.length);
  let [last, text] = [first, String(first)];
  for (let index = 0; index < numbers.length; index++) {
    const number = numbers[index]!;
    if (number !== last) [last, text] = [number, String(number)];
    texts[index] = text;
  }
  return texts;
}
