/** Symbols of a block: runs of zeros as digits, then all other places plus one, then the end. */
export interface Symbols {
  readonly symbols: Uint16Array;
  /** Symbols of the alphabet: the letters that occur, one more for runs, and the end. */
  readonly alphabetSize: number;
  /** 1 for each letter that occurs. */
  readonly isUsed: Uint8Array;
}

/**
 * Says of each letter at which place it stands in a list of all letters, in which it moves to the front each time.
 * A run of zeros is written as a number of base two with the digits 1 and 2 (as the symbols 0 and 1), the lowest first.
 */
export function moveToFront(letters: Uint8Array): Symbols {
  const isUsed = new Uint8Array(256);
  for (let index = 0; index < letters.length; index++) isUsed[letters[index]!] = 1;
  const list = Uint8Array.from(isUsed.keys()).filter((letter) => isUsed[letter] === 1);
  const end = list.length + 1;
  const symbols = new Uint16Array(letters.length + 1);
  let count = 0;
  let zeros = 0;
  for (let index = 0; index < letters.length; index++) {
    const letter = letters[index]!;
    if (list[0] === letter) {
      zeros++;
      continue;
    }
    if (zeros > 0) count = writeRun(symbols, count, zeros);
    zeros = 0;
    symbols[count++] = toFront(list, letter) + 1;
  }
  if (zeros > 0) count = writeRun(symbols, count, zeros);
  symbols[count++] = end;
  return { symbols: symbols.subarray(0, count), alphabetSize: end + 1, isUsed };
}

/** Moves a letter that is not in front, and gives its place before. */
function toFront(list: Uint8Array, letter: number): number {
  let place = 1;
  let behind = list[0]!;
  while (list[place] !== letter) {
    const next = list[place]!;
    list[place++] = behind;
    behind = next;
  }
  list[place] = behind;
  list[0] = letter;
  return place;
}

function writeRun(symbols: Uint16Array, count: number, zeros: number): number {
  let at = count;
  for (let rest = zeros; rest > 0; rest = rest - 1 >>> 1) symbols[at++] = rest - 1 & 1;
  return at;
}
