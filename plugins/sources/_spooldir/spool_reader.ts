import {
  BlockPool,
  type Column,
  type Decoded,
  type Decoder,
  EventBatch,
  Lease,
  type Position,
} from "sluice/plugin";
import { type Outbox, settledOrAborted } from "../_files/outbox.ts";
import type { SpoolFile } from "./spool_folder.ts";
import { Reading } from "./reading.ts";
import { formatMark } from "./spool_mark.ts";

const BLOCK_BYTES = 1024 * 1024;
const MAX_BLOCKS = 6;

/** How files become batches. */
export interface SpoolReaderOptions {
  readonly batchSize?: number | undefined;
  readonly outbox: Outbox;
  newDecoder(): Decoder;
  headersOf(file: SpoolFile): ReadonlyMap<string, Column>;
  /** What else a position must say. */
  takeForgotten(): Position | undefined;
  /** Takes the mark behind each batch of a file, and what `emit` answers for it. */
  onSent(file: SpoolFile, mark: string, isSafe: Promise<boolean>): void;
}

/** Reads files block by block, each with a decoder of its own, and emits what the decoder finds. */
export class SpoolReader {
  readonly #options: SpoolReaderOptions;
  readonly #pool = new BlockPool({ blockBytes: BLOCK_BYTES, maxBlocks: MAX_BLOCKS });

  constructor(options: SpoolReaderOptions) {
    this.#options = options;
  }

  /**
   * Emits a file from a mark's offset on; true when all of it was emitted, false when the pipeline stops.
   * @throws {SyntaxError} when the rest of the file cannot be decoded.
   */
  async read(file: SpoolFile, from: number): Promise<boolean> {
    using handle = Deno.openSync(file.path);
    if (handle.statSync().size === 0) return await this.#sendEmpty(file);
    const reading = new Reading(file, handle, { decoder: this.#options.newDecoder(), from });
    while (!reading.isDone) {
      if (!await this.#options.outbox.ready()) return false;
      const lease = await this.#lease(reading.roomBytes);
      if (!lease) return false;
      const decoded = await decodeInto(lease, reading);
      this.#send(reading, decoded, held(decoded, lease));
      reading.advance(decoded);
    }
    return true;
  }

  /** A block of the pool, or one that is made for long events. */
  async #lease(bytes: number): Promise<Lease | undefined> {
    if (bytes > BLOCK_BYTES) return new Lease(new Uint8Array(bytes), () => {});
    const leased = this.#pool.lease();
    return leased instanceof Promise ? await settledOrAborted(leased, this.#options.outbox.signal) : leased;
  }

  /** As in Flume, an empty file is one event with an empty body. */
  async #sendEmpty(file: SpoolFile): Promise<boolean> {
    if (!await this.#options.outbox.ready()) return false;
    const batch = EventBatch.from([{ body: "" }]);
    this.#emit(file, batch, formatMark({ offset: Infinity, identity: file.identity }));
    return true;
  }

  /** Sends what was decoded whole, or cut with a mark for each piece. */
  #send(reading: Reading, decoded: DecodedBlock, batch: EventBatch): void {
    const { batchSize = Infinity } = this.#options;
    for (let from = 0; from < batch.size; from += batchSize) {
      const to = from + batchSize;
      if (to >= batch.size) {
        return this.#emit(reading.file, batch.slice(from, to), reading.markBehind(decoded));
      }
      batch.lease?.retain();
      const isInPlace = decoded.batch.block.buffer === decoded.source.buffer;
      const offset = isInPlace ? decoded.batch.starts[to]! : undefined;
      this.#emit(reading.file, batch.slice(from, to), reading.markInside(to, offset));
    }
  }

  #emit(file: SpoolFile, batch: EventBatch, mark: string): void {
    const { outbox, headersOf, takeForgotten, onSent } = this.#options;
    const own = headersOf(file);
    const headers = batch.headers.size === 0 ? own : new Map([...batch.headers, ...own]);
    const position = { ...takeForgotten(), [file.name]: mark };
    onSent(file, mark, outbox.send(batch.with({ headers, position })));
  }
}

/** What was decoded, and the block that it was decoded from. */
interface DecodedBlock extends Decoded {
  readonly source: Uint8Array;
}

async function decodeInto(lease: Lease, reading: Reading): Promise<DecodedBlock> {
  try {
    return { ...await reading.decode(lease.block), source: lease.block };
  } catch (cause) {
    lease.release();
    throw cause;
  }
}

/** The batch with its hold on the block; a few events are copied instead, so that they do not hold a whole one. */
function held({ batch, source, consumedBytes }: DecodedBlock, lease: Lease): EventBatch {
  const isInPlace = batch.size > 0 && batch.block.buffer === source.buffer;
  if (isInPlace && consumedBytes >= source.length / 8) return batch.with({ lease });
  const copy = isInPlace ? batch.detach() : batch;
  lease.release();
  return copy;
}
