/** A run of characters to hide, and as what it was recognised. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
}

/** Finds what is to be hidden. */
export interface Finder {
  readonly kind: string;
  /** Adds what it finds, in any order. */
  find(text: string, add: (start: number, end: number) => void): void;
}

/** Finds with all finders; where two claim the same characters, the earlier finder has them. */
export function findSpans(text: string, finders: readonly Finder[]): readonly Span[] {
  let claimed: readonly Span[] = [];
  for (const { kind, find } of finders) {
    const found: Span[] = [];
    find(text, (start, end) => {
      if (end > start) found.push({ start, end, kind });
    });
    if (found.length > 0) claimed = claim(claimed, found.sort((one, other) => one.start - other.start));
  }
  return claimed;
}

/** Adds those of the found spans, that ascend as the claimed ones do and touch no claimed one. */
function claim(claimed: readonly Span[], found: readonly Span[]): readonly Span[] {
  if (claimed.length === 0) return found;
  let at = 0;
  const free = found.filter(({ start, end }) => {
    while (at < claimed.length && claimed[at]!.end <= start) at++;
    return at === claimed.length || claimed[at]!.start >= end;
  });
  return [...claimed, ...free].sort((one, other) => one.start - other.start);
}

/** A finder by an expression with the flag `g`; `accept` gives the length of what really counts, 0 for nothing. */
export function finderOf(
  kind: string,
  expression: RegExp,
  accept: (found: string, behind: string) => number = (found) => found.length,
): Finder {
  return {
    kind,
    find(text, add) {
      expression.lastIndex = 0;
      for (let found = expression.exec(text); found; found = expression.exec(text)) {
        const length = accept(found[0], text);
        if (length > 0) add(found.index, found.index + length);
        expression.lastIndex = found.index + Math.max(length, 1);
      }
    },
  };
}
