import type { Waiting } from "./joint_emit.ts";

/** What becomes of a request, told to the intake that counts it. */
export interface ExchangeOwner {
  closed(exchange: Exchange): void;
  accepted(): Response;
  refused(cause: unknown): Response;
}

/** One request from its arrival to its answer; only the first answer counts. */
export class Exchange implements Waiting {
  readonly startedMs: number;
  /** True until the whole body has been read. */
  isReading = true;
  readonly #owner: ExchangeOwner;
  readonly #resolve: (response: Response) => void;
  #isAnswered = false;

  constructor(owner: ExchangeOwner, resolve: (response: Response) => void, startedMs: number) {
    this.#owner = owner;
    this.#resolve = resolve;
    this.startedMs = startedMs;
  }

  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  accepted(): void {
    if (!this.#isAnswered) this.answer(this.#owner.accepted());
  }

  refused(cause: unknown): void {
    if (!this.#isAnswered) this.answer(this.#owner.refused(cause));
  }

  answer(response: Response): void {
    this.#isAnswered = true;
    this.#owner.closed(this);
    this.#resolve(response);
  }
}
