/** How far a file was read, as it stands in a position. */
export interface SpoolMark {
  /** Bytes, or events for a decoder that must begin at the start; Infinity for a file that was read to its end. */
  readonly offset: number;
  /** Which file it was, see `identityOf`. */
  readonly identity: string;
}

/** Tells a file from another one under the same name, and from itself after a change. */
export function identityOf({ dev, ino, size, mtime }: Deno.FileInfo): string {
  return `${dev}:${ino}:${size}:${mtime?.getTime() ?? 0}`;
}

/** Writes a mark as a position's value, such as `4096@2049:131:9000:1700000000000` or `done@…`. */
export function formatMark({ offset, identity }: SpoolMark): string {
  return `${offset === Infinity ? "done" : offset}@${identity}`;
}

/** Reads a position's value; undefined when it is none of ours. */
export function parseMark(value: number | string | null): SpoolMark | undefined {
  const [, offset, identity] = /^(done|\d+)@(.+)$/.exec(String(value)) ?? [];
  if (offset === undefined || identity === undefined) return undefined;
  return { offset: offset === "done" ? Infinity : Number(offset), identity };
}
