// Induced sorting (Nong, Zhang, Chan: "Two Efficient Algorithms for Linear Time Suffix Array Construction", 2011): time
// grows with the length only, whatever the text, where sorting by comparison takes for ever on one that repeats itself.
// A suffix is S when it is smaller than the one that starts behind its first letter, else L; the end of the text is
// smaller than any letter. An S behind an L is a LMS: once those are in order, all others follow by two passes.

type Letters = Uint8Array | Int32Array;

interface Text {
  readonly letters: Letters;
  /** 1 for each suffix that is S. */
  readonly isSmaller: Uint8Array;
  /** How often each letter occurs. */
  readonly counts: Int32Array;
}

/** Gives the starts of all suffixes of a text in ascending order of the suffixes; letters are below `letterCount`. */
export function sortSuffixes(letters: Letters, letterCount = 256): Int32Array {
  if (letters.length < 2) return new Int32Array(letters.length);
  const text = classify(letters, letterCount);
  const starts = findLms(text);
  const order = new Int32Array(letters.length);
  induce(text, starts, order);
  if (starts.length > 1) {
    induce(text, sortLms(text, starts, order), order);
  }
  return order;
}

function classify(letters: Letters, letterCount: number): Text {
  const isSmaller = new Uint8Array(letters.length);
  const counts = new Int32Array(letterCount);
  const last = letters.length - 1;
  counts[letters[last]!]!++;
  for (let at = last - 1; at >= 0; at--) {
    const [letter, next] = [letters[at]!, letters[at + 1]!];
    counts[letter]!++;
    isSmaller[at] = letter < next || letter === next && isSmaller[at + 1] === 1 ? 1 : 0;
  }
  return { letters, isSmaller, counts };
}

function findLms({ isSmaller }: Text): Int32Array {
  const starts = new Int32Array(isSmaller.length >>> 1);
  let count = 0;
  for (let at = 1; at < isSmaller.length; at++) {
    if (isSmaller[at] === 1 && isSmaller[at - 1] === 0) starts[count++] = at;
  }
  return starts.subarray(0, count);
}

/** Puts all suffixes in order by way of the LMS ones: exactly, if those are in order; else by their first parts. */
function induce({ letters, isSmaller, counts }: Text, lms: Int32Array, order: Int32Array): void {
  const ends = new Int32Array(counts.length);
  order.fill(-1);
  setEnds(counts, ends);
  for (let index = lms.length - 1; index >= 0; index--) {
    const at = lms[index]!;
    order[--ends[letters[at]!]!] = at;
  }
  const heads = new Int32Array(counts.length);
  for (let letter = 1; letter < counts.length; letter++) {
    heads[letter] = heads[letter - 1]! + counts[letter - 1]!;
  }
  const last = letters.length - 1;
  order[heads[letters[last]!]!++] = last;
  for (let index = 0; index <= last; index++) {
    const at = order[index]! - 1;
    if (at >= 0 && isSmaller[at] === 0) order[heads[letters[at]!]!++] = at;
  }
  setEnds(counts, ends);
  for (let index = last; index >= 0; index--) {
    const at = order[index]! - 1;
    if (at >= 0 && isSmaller[at] === 1) order[--ends[letters[at]!]!] = at;
  }
}

function setEnds(counts: Int32Array, ends: Int32Array): void {
  let sum = 0;
  for (let letter = 0; letter < counts.length; letter++) ends[letter] = sum += counts[letter]!;
}

/** Sorts the LMS suffixes: their parts up to the next one get numbers in order, and those numbers are a shorter text. */
function sortLms(text: Text, starts: Int32Array, order: Int32Array): Int32Array {
  const names = new Int32Array(text.letters.length);
  let name = -1;
  let previous = -1;
  for (let index = 0; index < order.length; index++) {
    const at = order[index]!;
    if (at < 1 || text.isSmaller[at] === 0 || text.isSmaller[at - 1] === 1) continue;
    if (previous < 0 || !isSamePart(text, previous, at)) name++;
    names[at] = name;
    previous = at;
  }
  const shorter = starts.map((at) => names[at]!);
  if (name + 1 === starts.length) {
    const sorted = new Int32Array(starts.length);
    shorter.forEach((rank, index) => sorted[rank] = starts[index]!);
    return sorted;
  }
  return sortSuffixes(shorter, name + 1).map((index) => starts[index]!);
}

/** Whether two LMS suffixes are the same up to and with the start of the next LMS one. */
function isSamePart({ letters, isSmaller }: Text, one: number, other: number): boolean {
  for (let step = 0;; step++) {
    const [left, right] = [one + step, other + step];
    if (left === letters.length || right === letters.length) return false;
    if (letters[left] !== letters[right] || isSmaller[left] !== isSmaller[right]) return false;
    if (step > 0 && isSmaller[left] === 1 && isSmaller[left - 1] === 0) return true;
  }
}
