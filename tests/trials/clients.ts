import type { Agent } from "./agent.ts";
import type { Bodies } from "./bodies.ts";

/** How many clients there are, and how they post. */
export interface ClientOptions {
  readonly bodies: Bodies;
  /** Clients that post one event at a time … */
  readonly single: number;
  /** … and clients that post several as lines of one text. */
  readonly several: number;
  readonly eventsOfSeveral: number;
}

const RETRY_MS = 20;
/** An agent that dies may leave a connection that nobody answers. */
const ANSWER_LIMIT_MS = 10_000;

/** Clients that post at once, each one event or text after another, and repeat what was not answered with 200. */
export class Clients {
  /** Posts that were answered, by client; each client's events are numbered from 0. */
  readonly accepted = new Map<string, number>();
  /** Answers other than 200, and posts without an answer. */
  refusals = 0;
  /** Texts of the answers that were not 200. */
  readonly reasons = new Set<string>();
  agent: Agent | undefined;
  readonly #options: ClientOptions;
  readonly #ended: Promise<unknown>;
  #isStopped = false;

  constructor(options: ClientOptions) {
    const { single, several, eventsOfSeveral } = options;
    this.#options = options;
    this.#ended = Promise.allSettled([
      ...Array.from({ length: single }, (_, index) => this.#run(`one${index}`, 1)),
      ...Array.from({ length: several }, (_, index) => this.#run(`several${index}`, eventsOfSeveral)),
    ]);
  }

  /** Ends when what each client is at has been accepted. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#ended;
    if (this.agent?.hasEnded !== false) {
      throw new Error(`The agent has ended\n${this.agent?.lines.join("\n")}`);
    }
  }

  /** Posts a client's next events until they are accepted. */
  async post(client: string, size: number): Promise<void> {
    const from = this.accepted.get(client) ?? 0;
    const bodies = Array.from(
      { length: size },
      (_, index) => this.#options.bodies.make(client, from + index),
    );
    const text = bodies.join("\n");
    while (!await this.#isAccepted(text)) {
      this.refusals++;
      if (this.#isStopped && this.agent?.hasEnded !== false) throw new Error("Nobody is there to post to");
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    this.accepted.set(client, from + size);
  }

  async #run(client: string, size: number): Promise<void> {
    while (!this.#isStopped) await this.post(client, size);
  }

  async #isAccepted(text: string): Promise<boolean> {
    const port = this.agent?.port;
    if (port === undefined) return false;
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/`, {
        method: "POST",
        body: text,
        headers: { "content-type": "text/plain" },
        signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      });
      const reason = await answer.text();
      if (answer.status !== 200) this.reasons.add(`${answer.status} ${reason}`);
      return answer.status === 200;
    } catch {
      return false;
    }
  }
}
