import type { Component } from "./component.ts";
import { PoisonError } from "./errors.ts";
import type { EventBatch } from "./event_batch.ts";
import type { NamedSink, Sink } from "./sink.ts";

/** A sink of a group, which is made when it is first needed. */
export interface LateSink extends NamedSink {
  /** Makes it before its first use, so that it is known how many events it takes at once. */
  make(): Promise<unknown>;
}

type Answer = void | { delivered: Promise<void> };

/** A sink that is made at its first use, and again at the next one when that fails; `member` shows how it does. */
export function lateSink(name: string, member: Component, create: () => Promise<Sink>): LateSink {
  let made: Promise<Sink> | undefined;
  let batchSize: number | undefined;
  const sink = () =>
    made ??= create().then(putInOrder).then((created) => {
      batchSize = created.batchSize;
      // What went wrong before stands until it delivers.
      if (member.state === "starting") member.recover();
      return created;
    }).catch((cause) => {
      made = undefined;
      member.hold(cause);
      throw cause;
    });
  const write = async (batch: EventBatch, signal: AbortSignal) =>
    await writeInPieces(await sink(), batch, signal);
  return {
    name,
    get batchSize() {
      return batchSize;
    },
    make: sink,
    write: (batch, signal) => counted(member, batch, { signal, write }),
    close: async () => await made?.then((created) => created.close?.(), () => {}),
  };
}

async function putInOrder(sink: Sink): Promise<Sink> {
  try {
    await sink.resume?.();
    return sink;
  } catch (cause) {
    await sink.close?.();
    throw cause;
  }
}

interface MemberWrite {
  readonly signal: AbortSignal;
  write(batch: EventBatch, signal: AbortSignal): Promise<Answer>;
}

/** Writes, and counts for the member what core counts for the group as a whole. */
async function counted(
  member: Component,
  batch: EventBatch,
  { signal, write }: MemberWrite,
): Promise<Answer> {
  const { counters } = member;
  const { size } = batch;
  const refuse = (cause: unknown) => {
    if (!(cause instanceof PoisonError) && !signal.aborted) {
      counters.add("EventWriteFail");
      member.hold(cause);
    }
    throw cause;
  };
  counters.add("EventDrainAttemptCount", size);
  const answer = await write(batch, signal).catch(refuse);
  const succeed = () => {
    member.recover();
    counters.add("EventDrainSuccessCount", size);
  };
  if (!answer) return succeed();
  return { delivered: answer.delivered.then(succeed, refuse) };
}

/** Until a late sink is made nobody knows how many events it takes at once, so the first batch may be too large for it. */
async function writeInPieces(sink: Sink, batch: EventBatch, signal: AbortSignal): Promise<Answer> {
  const { batchSize = Infinity } = sink;
  if (batch.size <= batchSize) return await sink.write(batch, signal);
  const owed: Promise<void>[] = [];
  for (let from = 0; from < batch.size; from += batchSize) {
    const answer = await writePiece(sink, { batch, from, to: from + batchSize }, signal);
    answer?.delivered.catch(() => {});
    if (answer) owed.push(answer.delivered);
  }
  return owed.length === 0 ? undefined : { delivered: Promise.all(owed).then(() => {}) };
}

async function writePiece(
  sink: Sink,
  { batch, from, to }: { readonly batch: EventBatch; readonly from: number; readonly to: number },
  signal: AbortSignal,
): Promise<Answer> {
  // The sink names places in its piece; who reads them knows the whole batch.
  const refuse = (cause: unknown) => {
    if (!(cause instanceof PoisonError)) throw cause;
    throw new PoisonError(cause.message, cause.indexes.map((index) => index + from), { cause: cause.cause });
  };
  try {
    const answer = await sink.write(batch.slice(from, to), signal);
    return answer && { delivered: answer.delivered.catch(refuse) };
  } catch (cause) {
    refuse(cause);
  }
}
