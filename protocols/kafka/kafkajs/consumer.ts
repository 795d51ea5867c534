import type {
  CommittedOffset,
  ConsumerEvents,
  ConsumerOptions,
  KafkaConsumer,
  KafkaTarget,
  Partition,
} from "../client.ts";
import { KafkaError } from "../kafka_error.ts";
import { sleep, Trouble } from "../trouble.ts";
import { GroupView } from "./group_view.ts";
import { Link } from "./link.ts";
import { Session, type SessionContext } from "./session.ts";

/** How often a stay in the group is looked at. */
const WATCH_MS = 500;
/** Ends of a stay after which a new one helps, though the same request would not. */
const REJOINING = new Set(["CLIENT", "UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "REBALANCE_IN_PROGRESS"]);

/** Reads by kafkajs: one stay in the group after the other, a new one when the topics change or kafkajs gives up. */
export class KafkajsConsumer implements KafkaConsumer {
  readonly #target: KafkaTarget;
  readonly #options: ConsumerOptions & { readonly signal: AbortSignal };
  readonly #trouble: Trouble;
  readonly #staying = Symbol("staying in the group");
  #events: ConsumerEvents | undefined;
  #session: Session | undefined;

  /** @param options with the signal of the client it was made from. */
  constructor(target: KafkaTarget, options: ConsumerOptions & { readonly signal: AbortSignal }) {
    this.#target = target;
    this.#options = options;
    this.#trouble = new Trouble(target);
  }

  async run(events: ConsumerEvents, signal: AbortSignal): Promise<void> {
    this.#events = events;
    const either = AbortSignal.any([signal, this.#options.signal]);
    const { retryMs, maxRetryMs } = this.#target;
    for (let waitMs = retryMs; !either.aborted; waitMs = Math.min(waitMs * 2, maxRetryMs)) {
      const startMs = Date.now();
      try {
        await this.#stay(either);
        waitMs = retryMs / 2;
        continue;
      } catch (cause) {
        if (either.aborted) break;
        if (!(cause instanceof KafkaError) || !(cause.canRetry || REJOINING.has(cause.code))) throw cause;
        this.#trouble.begin(this.#staying, cause);
      }
      if (Date.now() - startMs > maxRetryMs) waitMs = retryMs;
      await sleep(waitMs, either);
    }
    this.#trouble.end(this.#staying);
  }

  async commit(offsets: readonly (Partition & CommittedOffset)[]): Promise<void> {
    if (!this.#session) {
      throw new KafkaError("OffsetCommit: this consumer is no member of its group", {
        code: "UNKNOWN_MEMBER_ID",
      });
    }
    const startMs = Date.now();
    await this.#session.commit(offsets);
    this.#events?.onRequest?.("commit", Date.now() - startMs, 0);
  }

  /** Resolves when the topics have changed or the signal has aborted. */
  async #stay(signal: AbortSignal): Promise<void> {
    const link = new Link(this.#target, this.#trouble);
    const view = new GroupView(link, this.#options);
    const end = new AbortController();
    try {
      const topics = await this.#findTopics(view, signal);
      // Trouble is over as soon as the member is back in the group.
      const onJoined = () => this.#trouble.end(this.#staying);
      const context = { link, view, options: this.#options, events: this.#events!, topics, onJoined };
      const session = this.#session = new Session(context);
      const staying = session.run(AbortSignal.any([signal, end.signal]));
      await Promise.all([
        staying.finally(() => end.abort()),
        this.#watch({ ...context, session, end }, signal),
      ]);
    } finally {
      this.#session = undefined;
      await link.close(() => view.close());
    }
  }

  async #findTopics(view: GroupView, signal: AbortSignal): Promise<readonly string[]> {
    for (;;) {
      const topics = await view.topics(signal);
      if (topics.length > 0) return topics;
      await sleep(view.ageMs, signal);
      signal.throwIfAborted();
    }
  }

  /** Ends a stay whose topics are not the right ones any more, or that the group has forgotten. */
  async #watch(
    stay: Pick<SessionContext, "link" | "view" | "topics"> & { session: Session; end: AbortController },
    signal: AbortSignal,
  ): Promise<void> {
    const over = AbortSignal.any([signal, stay.end.signal]);
    const { sessionTimeoutMs, group } = this.#options;
    let askedMs = Date.now();
    while (!over.aborted) {
      await sleep(WATCH_MS, over);
      if (Date.now() - stay.session.aliveMs > sessionTimeoutMs) {
        const { complaint } = stay.link;
        const text = `Group ${group}: no heartbeat was answered for ${sessionTimeoutMs} ms (${
          complaint || "silence"
        })`;
        return stay.session.fail(new KafkaError(text, { code: "TIMEOUT" }));
      }
      if (over.aborted || Date.now() - askedMs < stay.view.ageMs) continue;
      const topics = await stay.view.topics(over).catch(() => stay.topics);
      if (topics.join() !== stay.topics.join()) return stay.end.abort();
      askedMs = Date.now();
    }
  }
}
