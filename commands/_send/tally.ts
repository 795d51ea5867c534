/** What became of the lines so far, and whom to tell about it. */
export class Tally {
  readonly #startMs = performance.now();
  readonly #onChange: (tally: Tally) => void;
  readonly #onReason: (reason: string) => void;
  readonly #reasons = new Set<string>();
  acceptedLines = 0;
  acceptedBytes = 0;
  refusedLines = 0;
  retries = 0;

  constructor(on: { change(tally: Tally): void; reason(reason: string): void }) {
    this.#onChange = on.change;
    this.#onReason = on.reason;
  }

  accept(lines: number, bytes: number): void {
    this.acceptedLines += lines;
    this.acceptedBytes += bytes;
    this.#onChange(this);
  }

  /** The target will not have some lines; the same reason is told once. */
  refuse(lines: number, reason: string): void {
    this.refusedLines += lines;
    this.tell(reason);
  }

  /** Something is tried again. */
  retry(reason: string): void {
    this.retries++;
    this.tell(reason);
  }

  /** One line for the end. */
  summary(): string {
    const seconds = Math.max((performance.now() - this.#startMs) / 1000, 0.001);
    const count = (value: number) => Math.round(value).toLocaleString("en-US");
    const rate = `${count(this.acceptedLines / seconds)} lines/s, ${
      (this.acceptedBytes / seconds / 1e6).toFixed(1)
    } MB/s`;
    const retried = this.retries > 0 ? `, ${count(this.retries)} tries repeated` : "";
    const refused = this.refusedLines > 0 ? `, ${count(this.refusedLines)} not accepted` : "";
    const lines = `${count(this.acceptedLines)} line${this.acceptedLines === 1 ? "" : "s"}`;
    return `${lines} accepted in ${seconds.toFixed(2)} s (${rate})${retried}${refused}\n`;
  }

  tell(reason: string): void {
    if (this.#reasons.has(reason)) return;
    this.#reasons.add(reason);
    this.#onReason(reason);
  }
}
