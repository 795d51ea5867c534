const MAX_SHOWN_CHARACTERS = 60;

/** Says that a value does not fit its place in a row: which field, which value, and what may stand there. */
export class RowFault extends TypeError {
  override readonly name = "RowFault";
  readonly #complaint: string;
  #path = "";

  constructor(value: unknown, expected: string) {
    super(expected);
    this.#complaint = value === undefined
      ? `is missing; it is ${expected}`
      : `is ${shown(value)}, not ${expected}`;
  }

  /** Tells in which field of a struct, entry of a map or place of a list it was, from the inside out. */
  within(step: string | number): this {
    const rest = this.#path === "" || this.#path.startsWith("[") ? this.#path : `.${this.#path}`;
    this.#path = typeof step === "number" ? `[${step}]${rest}` : `${step}${rest}`;
    return this;
  }

  /** The whole complaint. */
  override toString(): string {
    return this.#path === "" ? `The row ${this.#complaint}` : `Field "${this.#path}" ${this.#complaint}`;
  }
}

/** A value as JSON, cut off where it is long; what holds others could be nested deeper than they can be shown. */
function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length <= MAX_SHOWN_CHARACTERS ? text : `${text.slice(0, MAX_SHOWN_CHARACTERS)}…`;
}
