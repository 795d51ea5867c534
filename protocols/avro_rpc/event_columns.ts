/** A column of headers: one value for all events, or one value (or none) for each. */
export type HeaderColumn = string | readonly (string | undefined)[];

/** Events as a batch has them. */
export interface EventColumns {
  readonly block: Uint8Array;
  /** Offset in the block at which each body starts … */
  readonly starts: Uint32Array;
  /** … and the offset behind its last byte. Both may be longer than `size`. */
  readonly ends: Uint32Array;
  readonly size: number;
  readonly headers: ReadonlyMap<string, HeaderColumn>;
}
