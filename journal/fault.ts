/** What can be wrong with a journal while it is used. */
export type JournalFaultKind =
  | "torn-tail"
  | "damaged-head"
  | "damaged-body"
  | "missing-segment"
  | "damaged-checkpoint"
  | "missing-checkpoint"
  | "foreign-file"
  | "sync-failed"
  | "checkpoint-failed";

/** Something that is wrong at one place of a journal, and that does not keep the rest from being delivered. */
export interface JournalFault {
  readonly kind: JournalFaultKind;
  readonly path: string;
  /** Byte of the file at which it begins; 0 when it is the whole file. */
  readonly offset: number;
  readonly bytes?: number;
  /** First event that it concerns. */
  readonly sequence?: number;
  /** How many events it concerns, as far as that can be known. */
  readonly events?: number;
  /** The same for people, without the path and the offset. */
  readonly text: string;
}

/** Says why a journal cannot be opened or written, and what to do about it; nothing has been touched when it is thrown. */
export class JournalError extends Error {
  override readonly name = "JournalError";
  readonly fix: string;
  /** File or folder that is concerned; empty where the thrower does not know it. */
  readonly path: string;

  constructor(text: string, { path, fix, cause }: JournalErrorOptions) {
    super(text, cause === undefined ? {} : { cause });
    this.path = path;
    this.fix = fix;
  }
}

/** What a `JournalError` knows beside its text. */
export interface JournalErrorOptions {
  readonly path: string;
  readonly fix: string;
  readonly cause?: unknown;
}
