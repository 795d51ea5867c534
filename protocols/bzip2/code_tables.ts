import { makeCode, type PrefixCode } from "./huffman.ts";
import type { Symbols } from "./move_to_front.ts";

/** So many symbols one after the other use the same table. */
export const GROUP_SYMBOLS = 50;
/** Rounds in which groups choose tables and tables follow what chose them. */
const ROUNDS = 4;

/** Tables of a block, and which of them each group of symbols uses. */
export interface CodeTables {
  readonly tables: readonly PrefixCode[];
  readonly selectors: Uint8Array;
}

/** Finds tables that suit a block: two for a short one, six for a long one. */
export function chooseTables({ symbols, alphabetSize }: Symbols): CodeTables {
  const selectors = new Uint8Array(Math.ceil(symbols.length / GROUP_SYMBOLS));
  let lengths = splitAlphabet(symbols, alphabetSize);
  for (let round = 1;; round++) {
    const counts = lengths.map(() => new Uint32Array(alphabetSize));
    for (let group = 0; group < selectors.length; group++) {
      const part = symbols.subarray(group * GROUP_SYMBOLS, (group + 1) * GROUP_SYMBOLS);
      const chosen = cheapest(lengths, part);
      selectors[group] = chosen;
      const count = counts[chosen]!;
      for (let index = 0; index < part.length; index++) count[part[index]!]!++;
    }
    const tables = counts.map(makeCode);
    if (round === ROUNDS) return { tables, selectors };
    lengths = tables.map((table) => table.lengths);
  }
}

function tableCount(symbolCount: number): number {
  const places = [200, 600, 1200, 2400].findIndex((limit) => symbolCount < limit);
  return places < 0 ? 6 : places + 2;
}

/** The first guess: each table is cheap for its share of the alphabet, by how often symbols occur, and dear for the rest. */
function splitAlphabet(symbols: Uint16Array, alphabetSize: number): Uint8Array[] {
  const counts = new Uint32Array(alphabetSize);
  for (let index = 0; index < symbols.length; index++) counts[symbols[index]!]!++;
  const tables = tableCount(symbols.length);
  const guesses = Array.from({ length: tables }, () => new Uint8Array(alphabetSize).fill(15));
  let passed = 0;
  for (let symbol = 0; symbol < alphabetSize; symbol++) {
    guesses[Math.min(Math.floor(passed * tables / symbols.length), tables - 1)]![symbol] = 0;
    passed += counts[symbol]!;
  }
  return guesses;
}

function cheapest(lengths: readonly Uint8Array[], part: Uint16Array): number {
  let [chosen, least] = [0, Infinity];
  for (let table = 0; table < lengths.length; table++) {
    const bits = lengths[table]!;
    let cost = 0;
    for (let index = 0; index < part.length; index++) cost += bits[part[index]!]!;
    if (cost >= least) continue;
    least = cost;
    chosen = table;
  }
  return chosen;
}
