const NAMES = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const MONTHS: ReadonlyMap<number, number> = new Map(
  NAMES.map((name, index) => [codeOf(name.charCodeAt(0), name.charCodeAt(1), name.charCodeAt(2)), index + 1]),
);

/** The month, from 1, that three letters name in English, in capitals or not; 0 when they name none. */
export function monthAt(bytes: Uint8Array, offset: number): number {
  return MONTHS.get(codeOf(bytes[offset]! | 32, bytes[offset + 1]! | 32, bytes[offset + 2]! | 32)) ?? 0;
}

function codeOf(first: number, second: number, third: number): number {
  return first << 16 | second << 8 | third;
}
