import { dirname } from "node:path";
import { errorText, type Logger } from "sluice/plugin";
import type { SentNote, SentNotes } from "./sent_notes.ts";
import { isMarked } from "./stage_mark.ts";
import type { StagedFile } from "./staged_file.ts";
import type { StagedHead } from "./staged_head.ts";
import type { FileStore, Published } from "../stores/store.ts";
import type { Transform } from "../formats/transform.ts";

/** Names that are tried where others have taken those before. */
const MAX_NAMES = 1000;

/** What others do to files in use. */
const LOST = { gone: "taken away", replaced: "replaced" } as const;

/** What the way of a file leads past. */
export interface DeliveryWayParts {
  readonly store: FileStore;
  readonly notes: SentNotes;
  readonly log: Logger;
  /** For what the head of a staged file says of its format. */
  transformOf(format: string): Promise<Transform | undefined>;
}

/**
 * Takes a staged file to its target: sent under a name of its own, confirmed, noted, published, removed here. It may be
 * stopped and begun again at any point, in this life or the next, and the file is there once.
 */
export class DeliveryWay {
  readonly #parts: DeliveryWayParts;

  constructor(parts: DeliveryWayParts) {
    this.#parts = parts;
  }

  /** Resolves with its length at the target once it has its final name and is gone from the stage. */
  async go(file: StagedFile, known: Map<string, SentNote>, signal: AbortSignal): Promise<number> {
    const { head, headBytes } = await file.head().catch((cause) => {
      throw new StagedFileError(`Cannot read the head of "${file.path}"`, { cause });
    });
    const { store, notes } = this.#parts;
    const isEmpty = file.isComplete && file.bytes <= headBytes;
    let note = known.get(file.name);
    // An earlier try to publish may have succeeded, and the file have been fetched since. Uploads that cannot be seen before,
    // however, are what buckets throw away by themselves after some days: such a file is sent again.
    let mayBeGone = note !== undefined && !store.isPutUnderFinalName && !notes.isUnnamed(file.name);
    for (let count = 0; count < MAX_NAMES && !isEmpty; count++) {
      if (!note) known.set(file.name, note = await this.#send(file, this.#plan(head, count), signal));
      const published = await this.#publish(file, { note, mayBeGone, signal });
      if (published === "done" || (published === "gone" && mayBeGone)) {
        if (published === "gone") {
          this.#parts.log.info("A file was fetched before its name was seen", { ...note });
        }
        await this.#remove(file);
        known.delete(file.name);
        return note.upload.bytes;
      }
      if (published !== "taken") {
        await this.#forget(file, known);
        throw new Error(
          `"${note.upload.path}" was ${LOST[published]} before it had its name; it is sent again`,
        );
      }
      mayBeGone = false;
      note = await this.#rename(file, { note, finalPath: nameOf(head, count + 1) }, known);
    }
    if (!isEmpty) throw new Error(`The last ${MAX_NAMES} names of "${nameOf(head, 0)}" are taken`);
    await this.#remove(file);
    return 0;
  }

  #plan(head: StagedHead, count: number) {
    const finalPath = nameOf(head, count);
    const path = this.#parts.store.isPutUnderFinalName ? finalPath : head.inUse;
    return { path, finalPath, format: head.format };
  }

  async #send(
    file: StagedFile,
    { path, finalPath, format }: { path: string; finalPath: string; format: string },
    signal: AbortSignal,
  ): Promise<SentNote> {
    const { store, transformOf } = this.#parts;
    const transform = await transformOf(format).catch((cause) => {
      throw new StagedFileError(`Cannot tell the format of "${file.path}"`, { cause });
    });
    const staged = ofThisFile(file.read(signal), signal);
    const bytes = transform ? ofThisFile(transform(staged), signal) : staged;
    const upload = await store.put(path, bytes, signal);
    await file.completed(signal);
    // By now the next life may have begun, which knows nothing of this upload.
    signal.throwIfAborted();
    const note = { upload, finalPath };
    try {
      await this.#parts.notes.write(file.name, note);
      return note;
    } catch (cause) {
      // It is sent again under another name. Once there is no note for certain, nobody relies on this one.
      await this.#parts.notes.remove(file.name).then(() => store.discard(upload)).catch(() => {});
      throw cause;
    }
  }

  async #publish(
    file: StagedFile,
    { note, mayBeGone, signal }: { note: SentNote; mayBeGone: boolean; signal: AbortSignal },
  ): Promise<Published> {
    const { store, notes } = this.#parts;
    if (notes.isUnnamed(file.name)) await notes.write(file.name, note);
    try {
      return await store.publish(note.upload, note.finalPath);
    } catch (cause) {
      file.publishTries++;
      const isUnnamed = !mayBeGone && !store.isPutUnderFinalName && isRefused(cause);
      // Without it, what is gone at the next start counts as fetched.
      if (isUnnamed && !signal.aborted) await notes.writeUnnamed(file.name, note).catch(() => {});
      throw cause;
    }
  }

  /** Goes on to another name; nothing where that means to send it again. */
  async #rename(
    file: StagedFile,
    { note, finalPath }: { note: SentNote; finalPath: string },
    known: Map<string, SentNote>,
  ): Promise<SentNote | undefined> {
    const { store, notes, log } = this.#parts;
    log.warn("Another file has the name; going on to the next", { path: note.finalPath, next: finalPath });
    if (store.isPutUnderFinalName) {
      await this.#forget(file, known);
      await store.discard(note.upload);
      return undefined;
    }
    const renamed = { upload: note.upload, finalPath };
    await notes.write(file.name, renamed);
    known.set(file.name, renamed);
    return renamed;
  }

  async #forget(file: StagedFile, known: Map<string, SentNote>): Promise<void> {
    // First: when the note stays, this life must not take it for more than it says.
    known.delete(file.name);
    await this.#parts.notes.remove(file.name);
  }

  async #remove(file: StagedFile): Promise<void> {
    try {
      // By another thread: for a large file it takes seconds.
      await Deno.remove(file.path);
    } catch (cause) {
      // Of a stage whose disk is away nothing was removed, and the note must stay.
      if (!(cause instanceof Deno.errors.NotFound) || !isMarked(dirname(file.path))) {
        throw new StagedFileError(`Cannot remove "${file.path}", which is published`, { cause });
      }
    }
    try {
      await this.#parts.notes.end(file.name);
    } catch (cause) {
      this.#parts.log.warn(`The next start removes a note: ${errorText(cause)}`, { path: file.path });
    }
  }
}

/** It has not been done, for certain. */
function isRefused(cause: unknown): boolean {
  return cause instanceof Error && (cause as { isOutcomeUnknown?: unknown }).isOutcomeUnknown === false;
}

/** What goes wrong before the target has to do with it concerns one file: others may fare better. */
async function* ofThisFile(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (cause) {
    if (signal.aborted || cause instanceof StagedFileError) throw cause;
    throw new StagedFileError("A staged file cannot be read, or not be made into what is to be sent", {
      cause,
    });
  }
}

/** A staged file cannot be read, made into what is to be sent, or removed. */
class StagedFileError extends Error {
  override readonly name = "StagedFileError";
  /** As errors of targets say that others need not wait. */
  readonly canRetry = false;
}

/** A file's final name: another one for each count. */
export function nameOf({ stem, end }: Pick<StagedHead, "stem" | "end">, count: number): string {
  return count === 0 ? `${stem}${end}` : `${stem}-${count}${end}`;
}
