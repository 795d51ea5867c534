// Notes offsets in the group.
import type { CommittedOffset, ConsumerEvents, ConsumerOptions, Partition } from "../client.ts";
import type { Cluster } from "../cluster.ts";
import { KafkaError, kafkaError } from "../kafka_error.ts";
import type { CoordinatorLink } from "./coordinator_link.ts";
import type { Membership } from "./membership.ts";
import { type CommitOutcome, sendCommit } from "./offset_commit.ts";
import { keyOf } from "./offsets.ts";

type NotedOffset = Partition & CommittedOffset;

/** A commit that is older than this many request timeouts is given up; the next one says more. */
const PATIENCE = 2;

/** What commits need. */
export interface CommitContext {
  readonly cluster: Cluster;
  readonly link: CoordinatorLink;
  readonly options: ConsumerOptions;
  readonly events: ConsumerEvents;
  readonly membership: Membership;
}

/** The way of commits to the coordinator. */
export class Commits {
  readonly #context: CommitContext;

  constructor(context: CommitContext) {
    this.#context = context;
  }

  /** @throws {KafkaError} when the member is none any more, or the time is over. */
  async commit(offsets: readonly NotedOffset[]): Promise<void> {
    if (offsets.length === 0) return;
    const { cluster, options, events } = this.#context;
    const startMs = performance.now();
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(tooLate(options.group)),
      cluster.target.requestTimeoutMs * PATIENCE,
    );
    try {
      await cluster.retry(late.signal, () => this.#send(offsets));
    } finally {
      clearTimeout(timer);
    }
    events.onRequest?.("commit", performance.now() - startMs, offsets.length);
  }

  async #send(offsets: readonly NotedOffset[]): Promise<void> {
    const { link, membership, options: { group } } = this.#context;
    const { identity } = membership;
    if (!identity) throw kafkaError("UNKNOWN_MEMBER_ID", `Commit for group ${group}`);
    const outcomes = await link.use({}, (connection) => sendCommit(connection, { group, identity, offsets }));
    for (const { errorCode, ...part } of outcomes) {
      if (errorCode === 0) continue;
      const cause = kafkaError(errorCode, `Commit of ${keyOf(part)} for group ${group}`);
      if (GONE.has(cause.code) && await this.#isGone(part, offsets)) continue;
      if (cause.isStale) link.forget();
      throw mayPass(cause);
    }
  }

  /** There is nothing to note for a topic that does not exist any more. */
  async #isGone(
    { topic, partition }: Omit<CommitOutcome, "errorCode">,
    offsets: readonly NotedOffset[],
  ): Promise<boolean> {
    const asked = offsets.find((offset) => {
      return (offset.topic === topic || offset.topicId === topic) && offset.partition === partition;
    });
    if (!asked) return true;
    const found = (await this.#context.cluster.topics([asked.topic], { refresh: true })).get(asked.topic);
    return found === undefined || (asked.topicId !== undefined && found.topicId !== asked.topicId);
  }
}

function tooLate(group: string): KafkaError {
  return new KafkaError(`Commit for group ${group}: the coordinator could not be reached in time`, {
    code: "TIMEOUT",
  });
}

/** Codes that a topic which was deleted may have caused, or a broker that does not know it yet. */
const GONE: ReadonlySet<string> = new Set(["UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID"]);

/** The member's epoch has gone on while the commit was on its way: the next try names the new one. */
function mayPass(cause: KafkaError): KafkaError {
  if (cause.code !== "STALE_MEMBER_EPOCH") return cause;
  return new KafkaError(cause.message, { code: cause.code, canRetry: true });
}
