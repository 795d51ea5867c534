import { Backoff, type Context, errorText } from "sluice/plugin";
import type { DeliveryWay } from "./delivery_way.ts";
import type { SentNote } from "./sent_notes.ts";
import type { StagedFile } from "./staged_file.ts";

/** Of a growing file so much must wait before it is worth a request of its own. */
const FOLLOW_BYTES = 16 * 1024 * 1024;
const MAX_WAIT_MS = 30_000;
/** So much longer does a file wait at last that is refused by itself: what refuses it changes by people's hands. */
const REST_FACTOR = 10;
/** At the end: without progress for so long the rest is left to the next start. */
const END_PATIENCE_MS = 10_000;
/** At the end: a target that refuses so often is not waited for; refusals of single files do not count. */
const END_FAILURES = 3;
/** At the end: for what is given up to notice. */
const GIVE_UP_MS = 5000;
const LOOK_MS = 20;

/** How files are sent. */
export interface UploaderOptions {
  readonly context: Context;
  readonly way: DeliveryWay;
  /** Sent at once. */
  readonly slots: number;
  /** Tries to publish a file; 0: without limit. */
  readonly closeTries: number;
  /** Wait between those; 0: there is one try. */
  readonly retryMs: number;
  /** Files of which the target has all bytes already, as an earlier life noted. */
  readonly known: Map<string, SentNote>;
  /** A file has reached its target. */
  onPublished(file: StagedFile, targetBytes: number): void;
}

/**
 * Sends staged files, some at once, the oldest first; where nothing else waits, also those that still grow. A target that
 * is away is asked again with growing waits, for one file; what only one file is refused for holds up no other, and it
 * waits longer from try to try.
 */
export class Uploader {
  readonly #options: UploaderOptions;
  readonly #queue: StagedFile[] = [];
  /** Large enough to be sent ahead, and not tried yet. */
  readonly #growing = new Set<StagedFile>();
  readonly #seen = new WeakSet<StagedFile>();
  readonly #active = new Set<StagedFile>();
  readonly #runs = new Set<Promise<void>>();
  readonly #resting = new Set<StagedFile>();
  /** Those whose last try failed, and why. */
  readonly #failing = new Map<StagedFile, unknown>();
  readonly #restBackoffs = new WeakMap<StagedFile, Backoff>();
  /** Reasons that only some files are refused for, of which one file each was shown. */
  readonly #shownReasons = new Set<string>();
  /** The one whose reason is shown. */
  #shown: StagedFile | undefined;
  readonly #end = new AbortController();
  readonly #backoff: Backoff;
  readonly #maxWaitMs: number;
  #isAway = false;
  #isPaused = false;
  #isEnding = false;
  #endFailures = 0;
  #publishedCount = 0;

  constructor(options: UploaderOptions) {
    this.#options = options;
    const { retryMs } = options;
    this.#maxWaitMs = retryMs > 0 ? Math.min(retryMs, MAX_WAIT_MS) : MAX_WAIT_MS;
    this.#backoff = new Backoff({ firstMs: 200, maxMs: this.#maxWaitMs });
  }

  /** Sends under way. */
  get activeCount(): number {
    return this.#active.size;
  }

  /** Complete files that are waiting or on their way, failed ones left out. */
  get isIdle(): boolean {
    return this.#queue.length === 0 && !this.#sendsComplete;
  }

  /** A file that grows may be sent ahead. */
  grown(file: StagedFile): void {
    if (file.bytes < FOLLOW_BYTES || this.#seen.has(file)) return;
    this.#seen.add(file);
    this.#growing.add(file);
    this.#schedule();
  }

  /** A file is complete. */
  add(file: StagedFile): void {
    this.#growing.delete(file);
    this.#resting.delete(file);
    if (!this.#active.has(file)) this.#queue.push(file);
    this.#schedule();
  }

  /**
   * Gives what is complete some time: as long as something gets on, or, when another sink goes on at once, a moment for what
   * is on its way. The rest is given up by `giveUp`, and stays for the next start.
   */
  async close(giveUp: () => void): Promise<void> {
    const { context: { clock, signal } } = this.#options;
    this.#isEnding = true;
    this.#isPaused = false;
    this.#backoff.reset();
    this.#schedule();
    let [seen, seenMs] = [this.#progress, clock.now()];
    while (this.#hasWork && !signal.aborted && this.#endFailures < END_FAILURES) {
      if (Math.abs(clock.now() - seenMs) >= END_PATIENCE_MS) break;
      await clock.sleep(LOOK_MS, signal);
      // There may be no successor after all.
      this.#schedule();
      if (!this.#leavesRest && this.#progress !== seen) [seen, seenMs] = [this.#progress, clock.now()];
    }
    this.#end.abort(new Error("The sink ends"));
    giveUp();
    await Promise.race([Promise.all(this.#runs), clock.sleep(GIVE_UP_MS, signal)]);
  }

  /** A number that changes when something gets on. */
  get #progress(): number {
    return this.#publishedCount + Array.from(this.#active).reduce((sum, { readBytes }) => sum + readBytes, 0);
  }

  get #sendsComplete(): boolean {
    return Array.from(this.#active).some(({ isComplete }) => isComplete);
  }

  /** Another one sends what is not on its way. */
  get #leavesRest(): boolean {
    return this.#isEnding && this.#options.context.hasSuccessor === true;
  }

  get #hasWork(): boolean {
    return this.#leavesRest ? this.#sendsComplete : !this.isIdle;
  }

  #schedule(): void {
    if (this.#leavesRest || this.#isPaused || this.#end.signal.aborted) return;
    while (this.#queue.length > 0 && this.#hasSlot) this.#begin(this.#queue.shift()!);
    if (!this.#isAway && !this.#isEnding) this.#follow();
  }

  /** What is sent ahead keeps its slot for hours, so it must not take the one that asks whether the target is back. */
  get #hasSlot(): boolean {
    return this.#isAway ? !this.#sendsComplete : this.#active.size < this.#options.slots;
  }

  /** At most half of the slots are for files that grow, for those keep them long. */
  #follow(): void {
    const { slots } = this.#options;
    let spare = Math.floor(slots / 2) -
      Array.from(this.#active).filter(({ isComplete }) => !isComplete).length;
    for (const file of this.#growing) {
      if (spare <= 0 || this.#active.size >= slots) return;
      this.#growing.delete(file);
      spare--;
      this.#begin(file);
    }
  }

  #begin(file: StagedFile): void {
    const run = this.#run(file).finally(() => this.#runs.delete(run));
    this.#runs.add(run);
  }

  async #run(file: StagedFile): Promise<void> {
    const { way, known, onPublished } = this.#options;
    this.#active.add(file);
    try {
      const bytes = await way.go(file, known, this.#end.signal);
      this.#active.delete(file);
      this.#publishedCount++;
      this.#recover(file);
      onPublished(file, bytes);
    } catch (cause) {
      this.#active.delete(file);
      this.#refuse(file, cause);
    }
    this.#schedule();
  }

  #recover(file: StagedFile): void {
    const hasFailed = this.#failing.delete(file);
    this.#isAway = false;
    this.#backoff.reset();
    if (hasFailed && this.#failing.size === 0) this.#options.context.recover();
    if (file === this.#shown) this.#showOther();
  }

  #refuse(file: StagedFile, cause: unknown): void {
    if (this.#end.signal.aborted) return;
    const { context, closeTries, retryMs } = this.#options;
    // A long silence may end what is sent ahead: then the file is sent when it is complete.
    if (!file.isComplete) return void this.#growing.delete(file);
    this.#failing.set(file, cause);
    context.counters.add("ConnectionFailedCount");
    this.#show(file, cause);
    if (this.#isEnding && !isOfOneFile(cause)) this.#endFailures++;
    if (this.#isGivenUp(file, cause)) return;
    if (file.publishTries > 0 && closeTries > 0) return this.#rest(file, retryMs);
    if (isOfOneFile(cause)) return this.#rest(file, this.#nextRestMs(file));
    // The same file asks again, so that the same reason is told once.
    this.#queue.unshift(file);
    this.#isAway = true;
    // Of several that break at once the first one counts.
    if (!this.#isPaused) this.#pause();
  }

  /** Of a thousand files that are refused for the same reason one is told, not each at each try. */
  #show(file: StagedFile, cause: unknown): void {
    const reason = isOfOneFile(cause) ? reasonOf(cause) : undefined;
    if (reason !== undefined && this.#shownReasons.has(reason)) return;
    if (reason === undefined) this.#shownReasons.clear();
    else this.#shownReasons.add(reason);
    this.#shown = file;
    this.#options.context.hold(cause);
  }

  /** What was shown is over. A target that is back must not seem away as long as some files wait for other reasons. */
  #showOther(): void {
    const wasOfAll = this.#shownReasons.size === 0;
    this.#shownReasons.clear();
    this.#shown = undefined;
    const other = this.#failing.entries().find(([, cause]) => isOfOneFile(cause));
    if (wasOfAll && other) this.#show(...other);
  }

  /** As Flume does after `closeTries`; here the file stays in the stage. */
  #isGivenUp(file: StagedFile, cause: unknown): boolean {
    const { closeTries, retryMs, context: { log } } = this.#options;
    const tries = retryMs <= 0 ? 1 : closeTries;
    if (file.publishTries === 0 || tries === 0 || file.publishTries < tries) return false;
    log.error(`Not published after ${file.publishTries} tries; the next start goes on: ${errorText(cause)}`, {
      path: file.path,
    });
    return true;
  }

  /** Tries this file again later, and goes on with others. */
  #rest(file: StagedFile, waitMs: number): void {
    this.#resting.add(file);
    void this.#options.context.clock.sleep(waitMs, this.#end.signal).then(() => {
      if (this.#resting.has(file) && !this.#end.signal.aborted) this.add(file);
    });
  }

  #nextRestMs(file: StagedFile): number {
    const [firstMs, maxMs] = [this.#maxWaitMs, this.#maxWaitMs * REST_FACTOR];
    const backoff = this.#restBackoffs.get(file) ?? new Backoff({ firstMs, maxMs });
    this.#restBackoffs.set(file, backoff);
    return backoff.next();
  }

  #pause(): void {
    this.#isPaused = true;
    void this.#options.context.clock.sleep(this.#backoff.next(), this.#end.signal).then(() => {
      this.#isPaused = false;
      this.#schedule();
    });
  }
}

/** Said of who asks, or of the whole bucket: no other file fares better. */
const OF_ALL = new RegExp(
  "^(AuthenticationException|AuthorizationException|BadCertificate|ExpiredToken|Http401|InvalidAccessKeyId|InvalidToken|" +
    "NoSuchBucket|RequestTimeTooSkewed|SecurityException|SignatureDoesNotMatch)$",
);

/** Said of this file or its folder, and until somebody changes something: others may fare better. */
function isOfOneFile(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const word = wordOf(cause) ?? "";
  const { canRetry } = cause as { canRetry?: unknown };
  return (canRetry === false && !OF_ALL.test(word)) || word.includes("QuotaExceeded");
}

/** The same for all files that are refused for the same reason. */
function reasonOf(cause: unknown): string {
  return wordOf(cause) ?? errorText(cause);
}

/** What HDFS or S3 call it. */
function wordOf(cause: unknown): string | undefined {
  const { exception, code } = cause as { exception?: unknown; code?: unknown };
  return [exception, code].find((word) => typeof word === "string") as string | undefined;
}
