/** What stands between bodies: see `EventBatch.layout`. */
type FrameLayout = "dense" | "sparse" | "packed";

/** A column of headers: one value for all events, or one value (or none) for each. */
type FrameColumn = string | readonly (string | undefined)[];

/** The columns of a run of events, as a batch has them. */
export interface FrameColumns {
  readonly block: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly size: number;
  readonly layout: FrameLayout;
  readonly headers: ReadonlyMap<string, FrameColumn>;
}

const HEAD_BYTES = 16;
const LAYOUTS: readonly FrameLayout[] = ["dense", "sparse", "packed"];
/** The index says for each body how many bytes stand in front of it. */
const GAPS_VARY = 0xFFFF;
const NEWLINE = 10;
const TO_UTF8 = new TextEncoder();
const FROM_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** How the index and the bodies of one batch are written. */
interface Form {
  readonly layout: FrameLayout;
  readonly width: 2 | 4;
  /** Bytes between two bodies, or GAPS_VARY. */
  readonly gap: number;
  readonly bodyBytes: number;
  /** Bodies are copied one by one, because much of what lies between them was dropped. */
  readonly isCompacted: boolean;
}

/**
 * Writes a batch behind `headBytes` bytes that are left free, into the memory that `room` gives: all that stands between
 * the first body and the last is kept, unless most of it is of no use.
 *
 * ```text
 *  0 u32 events          4 u32 bytes of headers
 *  8 u8  layout          9 u8  bytes of one number of the index (2 or 4)
 * 10 u16 bytes between two bodies; 0xFFFF: they vary
 * 12 u32 bytes of bodies
 * 16 lengths of bodies, then, if they vary, bytes in front of each body (0 for the first)
 *    headers: JSON, [[name, value | [value | null, …]], …]
 *    bodies: as they lay in the block; a "\n" behind the last unless packed
 * ```
 * All numbers are little-endian.
 */
export function encodeFrame(
  batch: FrameColumns,
  room: (bytes: number) => Uint8Array,
  headBytes: number,
): Uint8Array {
  const form = formOf(batch);
  const headers = encodeHeaders(batch.headers);
  const headersOffset = HEAD_BYTES + indexBytes(batch.size, form);
  const bodiesOffset = headersOffset + headers.length;
  const frameBytes = headBytes + bodiesOffset + form.bodyBytes;
  const frame = room(frameBytes).subarray(0, frameBytes);
  const payload = frame.subarray(headBytes);
  if (payload.byteOffset % 4 !== 0) {
    throw new RangeError("Cannot write an event frame: 4 does not divide its offset");
  }
  const head = new DataView(payload.buffer, payload.byteOffset, HEAD_BYTES);
  head.setUint32(0, batch.size, true);
  head.setUint32(4, headers.length, true);
  head.setUint8(8, LAYOUTS.indexOf(form.layout));
  head.setUint8(9, form.width);
  head.setUint16(10, form.gap, true);
  head.setUint32(12, form.bodyBytes, true);
  writeIndex(batch, form, numbersIn(payload.subarray(0, headersOffset), form.width));
  payload.set(headers, headersOffset);
  writeBodies(batch, form, payload.subarray(bodiesOffset));
  return frame;
}

/**
 * Reads what `encodeFrame` wrote behind its free bytes: bodies are views. `headers` spares reading those of the frame,
 * for whoever has them still.
 * @throws {RangeError} when the bytes are not such a payload.
 */
export function decodeFrame(payload: Uint8Array, headers?: FrameColumns["headers"]): FrameColumns {
  if (payload.length < HEAD_BYTES) throw damaged(`${payload.length} bytes are no head`);
  const head = new DataView(payload.buffer, payload.byteOffset, HEAD_BYTES);
  const size = head.getUint32(0, true);
  const headersBytes = head.getUint32(4, true);
  const layout = LAYOUTS[head.getUint8(8)];
  const width = head.getUint8(9);
  if (layout === undefined || (width !== 2 && width !== 4)) throw damaged("unknown layout or index");
  const gap = head.getUint16(10, true);
  const bodyBytes = head.getUint32(12, true);
  const headersOffset = HEAD_BYTES + indexBytes(size, { width, gap });
  const bodiesOffset = headersOffset + headersBytes;
  if (bodiesOffset + bodyBytes !== payload.length) {
    throw damaged(`${payload.length} bytes instead of ${bodiesOffset + bodyBytes}`);
  }
  return {
    block: payload.subarray(bodiesOffset),
    ...readIndex(numbersIn(payload.subarray(0, headersOffset), width), { size, gap, bodyBytes }),
    size,
    layout,
    headers: headers ?? decodeHeaders(payload.subarray(headersOffset, bodiesOffset), size),
  };
}

function damaged(text: string, cause?: unknown): RangeError {
  return new RangeError(`Damaged event frame: ${text}`, cause === undefined ? {} : { cause });
}

function indexBytes(size: number, { width, gap }: Pick<Form, "width" | "gap">): number {
  return size * width * (gap === GAPS_VARY ? 2 : 1);
}

/** The index behind a head as numbers; in place where alignment allows. */
function numbersIn(headAndIndex: Uint8Array, width: 2 | 4): Uint16Array | Uint32Array {
  const { buffer, byteOffset } = headAndIndex.byteOffset % width === 0 ? headAndIndex : headAndIndex.slice();
  const length = (headAndIndex.length - HEAD_BYTES) / width;
  return width === 2
    ? new Uint16Array(buffer, byteOffset + HEAD_BYTES, length)
    : new Uint32Array(buffer, byteOffset + HEAD_BYTES, length);
}

function formOf({ starts, ends, size, layout }: FrameColumns): Form {
  let [bodyBytes, longest, narrowest, widest] = [0, 0, Infinity, 0];
  for (let index = 0; index < size; index++) {
    const bytes = ends[index]! - starts[index]!;
    if (bytes > longest) longest = bytes;
    bodyBytes += bytes;
    if (index === 0) continue;
    const gap = starts[index]! - ends[index - 1]!;
    if (gap < narrowest) narrowest = gap;
    if (gap > widest) widest = gap;
  }
  const spanBytes = size === 0 ? 0 : ends[size - 1]! - starts[0]!;
  const isPacked = layout === "packed";
  if (narrowest < 0 || spanBytes > 2 * (bodyBytes + size)) {
    return {
      layout: isPacked ? "packed" : "dense",
      width: longest > 0xFFFF ? 4 : 2,
      gap: isPacked ? 0 : 1,
      bodyBytes: bodyBytes + (isPacked ? 0 : size),
      isCompacted: true,
    };
  }
  const gap = size < 2 ? 1 : narrowest === widest && widest < GAPS_VARY ? widest : GAPS_VARY;
  const width = Math.max(longest, gap === GAPS_VARY ? widest : 0) > 0xFFFF ? 4 : 2;
  return { layout, width, gap, bodyBytes: spanBytes + (isPacked || size === 0 ? 0 : 1), isCompacted: false };
}

function writeIndex(
  { starts, ends, size }: FrameColumns,
  { gap }: Form,
  numbers: Uint16Array | Uint32Array,
): void {
  for (let index = 0; index < size; index++) numbers[index] = ends[index]! - starts[index]!;
  if (gap !== GAPS_VARY) return;
  numbers[size] = 0;
  for (let index = 1; index < size; index++) numbers[size + index] = starts[index]! - ends[index - 1]!;
}

function readIndex(
  numbers: Uint16Array | Uint32Array,
  { size, gap, bodyBytes }: { readonly size: number; readonly gap: number; readonly bodyBytes: number },
): { readonly starts: Uint32Array; readonly ends: Uint32Array } {
  const starts = new Uint32Array(size);
  const ends = new Uint32Array(size);
  let offset = 0;
  for (let index = 0; index < size; index++) {
    if (gap === GAPS_VARY) offset += numbers[size + index]!;
    else if (index > 0) offset += gap;
    starts[index] = offset;
    offset += numbers[index]!;
    ends[index] = offset;
  }
  if (offset > bodyBytes) throw damaged(`bodies of ${offset} bytes in ${bodyBytes}`);
  return { starts, ends };
}

function writeBodies({ block, starts, ends, size }: FrameColumns, form: Form, into: Uint8Array): void {
  if (size === 0) return;
  if (!form.isCompacted) {
    into.set(block.subarray(starts[0], ends[size - 1]));
    if (form.layout !== "packed") into[form.bodyBytes - 1] = NEWLINE;
    return;
  }
  let offset = 0;
  for (let index = 0; index < size; index++) {
    into.set(block.subarray(starts[index], ends[index]), offset);
    offset += ends[index]! - starts[index]!;
    if (form.gap === 1) into[offset++] = NEWLINE;
  }
}

function encodeHeaders(headers: FrameColumns["headers"]): Uint8Array {
  return headers.size === 0 ? new Uint8Array(0) : TO_UTF8.encode(JSON.stringify([...headers]));
}

function decodeHeaders(bytes: Uint8Array, size: number): FrameColumns["headers"] {
  const headers = new Map<string, FrameColumn>();
  if (bytes.length === 0) return headers;
  for (const pair of parseHeaders(bytes)) {
    const [name, column] = Array.isArray(pair) ? pair : [];
    if (typeof name !== "string") throw damaged("a header without a name");
    headers.set(name, typeof column === "string" ? column : columnOf(column, size));
  }
  return headers;
}

function parseHeaders(bytes: Uint8Array): readonly unknown[] {
  try {
    const pairs: unknown = JSON.parse(FROM_UTF8.decode(bytes));
    if (Array.isArray(pairs)) return pairs;
  } catch (cause) {
    throw damaged("headers are no JSON", cause);
  }
  throw damaged("headers are no list");
}

function columnOf(column: unknown, size: number): (string | undefined)[] {
  if (!Array.isArray(column) || column.length !== size) throw damaged("a header without its values");
  const values = new Array<string | undefined>(size);
  for (let index = 0; index < size; index++) {
    const value: unknown = column[index];
    if (typeof value !== "string" && value !== null) throw damaged("a header whose value is no text");
    values[index] = value ?? undefined;
  }
  return values;
}
