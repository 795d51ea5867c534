// What being a member of a group means, whichever protocol the group speaks.
import type { KafkaError } from "../kafka_error.ts";

/** A partition by its name. */
export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

/** Who notes offsets. */
export interface MemberIdentity {
  readonly memberId: string;
  /** The group's generation, or the member's epoch. */
  readonly epoch: number;
  readonly instanceId?: string | undefined;
}

/** What a member does with what it is given. */
export interface MemberEvents {
  /** The group has been distributed anew; `added` are to be read from now on. */
  assign(added: readonly PartitionName[]): void;
  /** Resolves when nothing of them is under way any more and their offsets are noted, or the time is over. */
  revoke(partitions: readonly PartitionName[], limitMs: number): Promise<void>;
  /** All partitions are gone: others may read them already. */
  lose(cause: KafkaError): void;
}

/** A place in a group. */
export interface Membership {
  /** Undefined while it is no member. */
  readonly identity: MemberIdentity | undefined;
  /**
   * Stays in the group until the signal aborts; then gives back all partitions, and leaves.
   * @throws {KafkaError} what trying again cannot help.
   */
  run(signal: AbortSignal): Promise<void>;
}

/** Lives one life in a group after the other until the signal aborts, and leaves it in any case. */
export async function stayUntil(
  signal: AbortSignal,
  { live, leave }: { live(): Promise<void>; leave(): Promise<void> },
): Promise<void> {
  try {
    while (!signal.aborted) await live();
  } catch (cause) {
    if (!signal.aborted) throw cause;
  } finally {
    await leave();
  }
}
