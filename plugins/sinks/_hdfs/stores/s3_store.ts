import { errorText, type Logger } from "sluice/plugin";
import type { S3Client, S3Upload } from "../../../../protocols/s3/s3_client.ts";
import { S3Error } from "../../../../protocols/s3/s3_error.ts";
import { PartGatherer } from "./part_gatherer.ts";
import { Stoppable } from "./stoppable.ts";
import type { FileStore, Published, Upload } from "./store.ts";
import { UploadNotes } from "./upload_notes.ts";

/** A bucket, and where notes about it are kept. */
export interface S3StoreOptions {
  readonly client: S3Client;
  /** In front of each key, without a slash at its end. */
  readonly prefix: string;
  /** A file of this sink alone; its folder is there. */
  readonly notesPath: string;
  readonly log: Pick<Logger, "warn">;
  onClose?(): void;
}

/** Giving up an upload must not hold up a stop for long. */
const ABORT_LIMIT_MS = 5000;

/**
 * Puts files into a bucket. A file is sent in parts, and becomes an object when it is published: before, nobody can read it.
 * Each has a mark of its own among the object's metadata, so that a lost answer is settled by looking.
 */
export class S3Store implements FileStore {
  readonly isPutUnderFinalName = true;
  /** There are no blocks, but small objects cost requests, and readers of Hadoop's kind want as much. */
  readonly blockBytes = 128 * 1024 * 1024;
  readonly #client: S3Client;
  readonly #prefix: string;
  readonly #notes: UploadNotes;
  readonly #log: Pick<Logger, "warn">;
  readonly #onClose: (() => void) | undefined;
  /** By their keys. */
  readonly #clearings = new Map<string, Promise<boolean>>();
  #isClosed = false;

  constructor({ client, prefix, notesPath, log, onClose }: S3StoreOptions) {
    this.#client = client;
    this.#prefix = prefix === "" ? "" : `${prefix}/`;
    this.#notes = new UploadNotes(notesPath);
    this.#log = log;
    this.#onClose = onClose;
  }

  /** Goes on by itself: a server that is away must not hold up the start. */
  begin(wanted: readonly Upload[]): Promise<void> {
    const keys = new Set(wanted.map(({ path }) => this.#prefix + path));
    this.#tidy(this.#notes.suspects.filter((key) => !keys.has(key))).catch((cause) =>
      this.#log.warn(`What is left in the bucket could not be noted: ${errorText(cause)}`)
    );
    return Promise.resolve();
  }

  async put(path: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Upload> {
    const key = this.#prefix + path;
    if (this.#notes.isSuspect(key)) await this.#clear(key);
    const mark = crypto.randomUUID();
    const sending = new Sending(this.#client, { key, mark }, signal);
    this.#notes.add(key);
    try {
      const parts = await sending.send(bytes);
      if (!sending.isAlone && !await this.#sweep(key, sending.upload)) this.#notes.suspect(key);
      const id = sending.upload ? `${mark} ${sending.upload.uploadId}` : mark;
      return { path, bytes: sending.bytes, id, parts };
    } catch (cause) {
      if (await this.#abort(sending) && sending.isAlone) this.#notes.remove(key);
      else this.#notes.suspect(key);
      throw cause;
    }
  }

  async publish(upload: Upload, finalPath: string): Promise<Published> {
    if (upload.path !== finalPath) {
      throw new RangeError(`"${upload.path}" cannot become "${finalPath}": an upload to S3 keeps its name`);
    }
    const key = this.#prefix + upload.path;
    const outcome = await this.#look(key, upload) ?? await this.#complete(key, upload);
    if (outcome === "taken") return outcome;
    if (this.#notes.isSuspect(key)) await this.#clear(key);
    else this.#notes.remove(key);
    return outcome;
  }

  async discard(upload: Upload): Promise<void> {
    const key = this.#prefix + upload.path;
    const { uploadId } = identityOf(upload);
    if (uploadId !== undefined) await this.#client.abortUpload({ key, uploadId });
    this.#notes.remove(key);
  }

  close(): void {
    this.#isClosed = true;
    this.#client.close();
    this.#onClose?.();
  }

  /** What stands under the final name by now; undefined for nothing. */
  async #look(key: string, upload: Upload): Promise<"done" | "taken" | undefined> {
    const status = await this.#client.status(key);
    if (status === undefined) return undefined;
    return status.mark === identityOf(upload).mark && status.bytes === upload.bytes ? "done" : "taken";
  }

  async #complete(key: string, upload: Upload): Promise<Published> {
    const { mark, uploadId } = identityOf(upload);
    try {
      if (uploadId === undefined) await this.#client.putEmpty(key, mark);
      else await this.#client.completeUpload({ key, uploadId }, upload.parts ?? []);
      return "done";
    } catch (cause) {
      // Whose first answer was lost is told that it is through, or that the name is taken: by itself, perhaps.
      const isSettledByLooking = cause instanceof S3Error &&
        (cause.code === "NoSuchUpload" || cause.status === 412 || cause.status === 409);
      if (!isSettledByLooking) throw cause;
      const found = await this.#look(key, upload);
      if (found === undefined && cause.code !== "NoSuchUpload") throw cause;
      return found ?? "gone";
    }
  }

  /** Until one cannot be taken away: the others will fare no better. */
  async #tidy(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      // One that is sent again by now is cleared by that.
      if (this.#notes.isSuspect(key) && !this.#notes.isOpen(key) && !await this.#clear(key)) return;
    }
  }

  /** Takes away what is left for a key, and the note of it; two who want that wait for one. */
  #clear(key: string): Promise<boolean> {
    const clearing = this.#clearings.get(key) ?? this.#sweep(key).then((isClear) => {
      this.#clearings.delete(key);
      if (isClear) this.#notes.remove(key);
      return isClear;
    });
    this.#clearings.set(key, clearing);
    return clearing;
  }

  /** Takes away what was begun for a key; false when that did not work, which must not hold up what is wanted. */
  async #sweep(key: string, kept?: S3Upload): Promise<boolean> {
    try {
      const uploads = await this.#client.listUploads(key);
      for (const upload of uploads.filter(({ uploadId }) => uploadId !== kept?.uploadId)) {
        await this.#client.abortUpload(upload);
      }
      return true;
    } catch (cause) {
      if (this.#isClosed) return false;
      this.#log.warn(
        `What is left of an upload stays; let the bucket's lifecycle remove it: ${errorText(cause)}`,
        {
          object: this.#client.nameOf(key),
        },
      );
      return false;
    }
  }

  /** True when the server has nothing of it. */
  async #abort({ upload }: Sending): Promise<boolean> {
    if (upload === undefined) return true;
    let limit: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<boolean>((resolve) => limit = setTimeout(() => resolve(false), ABORT_LIMIT_MS));
    const gone = this.#client.abortUpload(upload).then(() => true, () => false);
    return await Promise.race([gone, late]).finally(() => clearTimeout(limit));
  }
}

/** One file on its way: a part is sent while the next is gathered. */
class Sending {
  readonly #client: S3Client;
  readonly #object: { readonly key: string; readonly mark: string };
  readonly #signal: AbortSignal;
  readonly #parts: string[] = [];
  #underWay: Promise<void> | undefined;
  /** Undefined as long as there were no bytes. */
  upload: S3Upload | undefined;
  isAlone = true;
  bytes = 0;

  constructor(client: S3Client, object: { key: string; mark: string }, signal: AbortSignal) {
    this.#client = client;
    this.#object = object;
    this.#signal = signal;
  }

  /** Names of the parts, once the server has them all. */
  async send(bytes: AsyncIterable<Uint8Array>): Promise<readonly string[]> {
    const stoppable = new Stoppable(this.#signal);
    const gatherer = new PartGatherer();
    try {
      for await (const slice of stoppable.read(bytes)) {
        for (const part of gatherer.add(slice)) await this.#next(part, stoppable);
      }
      const rest = gatherer.rest();
      if (rest) await this.#next(rest, stoppable);
      await this.#underWay;
      this.bytes = gatherer.totalBytes;
      return this.#parts;
    } finally {
      stoppable.end();
      await this.#underWay?.catch(() => {});
    }
  }

  async #next(part: Uint8Array, stoppable: Stoppable): Promise<void> {
    await this.#underWay;
    if (this.upload === undefined) await this.#create();
    const number = this.#parts.length + 1;
    const sent = this.#client.uploadPart(this.upload!, { number, bytes: part, signal: this.#signal });
    this.#underWay = sent.then((name) => void this.#parts.push(name));
    // The source may be silent for long, and must not hide that this failed.
    this.#underWay.catch((cause) => stoppable.stop(cause));
  }

  async #create(): Promise<void> {
    const { key, mark } = this.#object;
    const { isAlone, ...upload } = await this.#client.createUpload(key, { mark, signal: this.#signal })
      .catch((cause) => {
        this.isAlone = !(cause instanceof S3Error && cause.isOutcomeUnknown || this.#signal.aborted);
        throw cause;
      });
    this.upload = upload;
    this.isAlone = isAlone;
  }
}

/** An id is the mark, and behind a space what S3 calls the upload, for one that has bytes. */
function identityOf({ id = "" }: Upload): { mark: string; uploadId: string | undefined } {
  const [mark, uploadId] = id.split(" ");
  return { mark: mark!, uploadId };
}
