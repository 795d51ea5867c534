/**
 * Runs in a worker: makes the bytes of files of what is staged, so that the main thread only reads and sends.
 * @module
 */
import { makeTransform, type TransformPlan } from "./transform.ts";
import type { FromWorker, ToWorker } from "./transform_wire.ts";

/** What of a worker's global scope is used. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(answer: FromWorker, transfer: ArrayBuffer[]): void;
}

type Order = Exclude<ToWorker, { kind: "begin" }>;

/** Orders for one stream that wait until its transform asks. */
class Inbox {
  readonly #orders: Order[] = [];
  #wake: (() => void) | undefined;

  put(order: Order): void {
    this.#orders.push(order);
    this.#wake?.();
  }

  async take(): Promise<Order> {
    while (this.#orders.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#orders.shift()!;
  }
}

/** What is shorter may stand in the file again and again, as a marker does. */
const SHARED_BYTES = 4096;

const scope = globalThis as unknown as WorkerScope;
const inboxes = new Map<number, Inbox>();

scope.onmessage = ({ data: order }) => {
  if (order.kind === "begin") void run(order.stream, order.plan);
  else inboxes.get(order.stream)?.put(order);
};

async function run(stream: number, plan: TransformPlan): Promise<void> {
  const inbox = new Inbox();
  inboxes.set(stream, inbox);
  const aborted = new Error("The stream is given up");
  const made: Uint8Array[] = [];
  try {
    const transform = await makeTransform(plan);
    for await (const bytes of transform(pieces({ stream, inbox, made, aborted }))) made.push(bytes);
    const { parts, buffers } = toGiveAway(made);
    scope.postMessage({ kind: "end", stream, parts }, buffers);
  } catch (cause) {
    if (cause !== aborted) tellFault(stream, cause);
  } finally {
    inboxes.delete(stream);
  }
}

/** Answers for a piece when the next one is asked for, with all that has been made by then. */
async function* pieces(
  { stream, inbox, made, aborted }: {
    readonly stream: number;
    readonly inbox: Inbox;
    readonly made: Uint8Array[];
    readonly aborted: Error;
  },
): AsyncGenerator<Uint8Array> {
  for (;;) {
    const order = await inbox.take();
    if (order.kind === "abort") throw aborted;
    if (order.kind !== "piece") return;
    yield order.piece;
    const { parts, buffers } = toGiveAway(made.splice(0));
    const room = order.piece.buffer;
    scope.postMessage({ kind: "used", stream, room, parts }, [room, ...buffers]);
  }
}

/** Parts that leave with their buffers; of those that lie beside others, or may be used again, a copy does. */
function toGiveAway(made: readonly Uint8Array[]): { parts: Uint8Array[]; buffers: ArrayBuffer[] } {
  const parts: Uint8Array[] = [];
  const buffers: ArrayBuffer[] = [];
  for (const bytes of made) {
    const isAlone = bytes.length === bytes.buffer.byteLength && bytes.length >= SHARED_BYTES;
    const part = isAlone ? bytes : new Uint8Array(bytes);
    parts.push(part);
    buffers.push(part.buffer as ArrayBuffer);
  }
  return { parts, buffers };
}

function tellFault(stream: number, cause: unknown): void {
  try {
    scope.postMessage({ kind: "fault", stream, cause }, []);
  } catch {
    // It holds what cannot leave the thread.
    scope.postMessage({ kind: "fault", stream, cause: new Error(String(cause)) }, []);
  }
}
