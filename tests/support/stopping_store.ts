import { DeliveryError } from "sluice/plugin";
import type { AppendStore, FileStore, Published, Upload } from "../../plugins/sinks/_hdfs/stores/store.ts";

/** Where a store ceases to answer. */
export interface StopPoint {
  /** The n-th call, from 1. */
  readonly call: number;
  /** Before it has had any effect, when it has had half of it, or all. */
  readonly moment: "before" | "during" | "after";
  /** Like a process that was killed, this call and all later ones never end; or only this one fails. */
  readonly kind: "stop" | "fail";
}

/** A store that stops, or fails once, at one of its calls; without a point it counts them. Ends when disposed of. */
export class StoppingStore implements FileStore, Disposable {
  /** Calls so far, those of `appends` among them. */
  calls = 0;
  /** Resolves when the point is reached. */
  readonly reached: Promise<void>;
  readonly appends: AppendStore | undefined;
  readonly #store: FileStore;
  readonly #point: StopPoint | undefined;
  readonly #end = new AbortController();
  #onReached!: () => void;
  #isDead = false;

  constructor(store: FileStore, point?: StopPoint) {
    this.#store = store;
    this.#point = point;
    this.reached = new Promise((resolve) => this.#onReached = resolve);
    this.appends = store.appends && this.#appendsOf(store.appends);
  }

  get blockBytes(): number | undefined {
    return this.#store.blockBytes;
  }

  get isPutUnderFinalName(): boolean | undefined {
    return this.#store.isPutUnderFinalName;
  }

  async begin(wanted: readonly Upload[]): Promise<void> {
    await this.#store.begin?.(wanted);
  }

  put(path: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Upload> {
    const either = AbortSignal.any([signal, this.#end.signal]);
    return this.#call(
      () => this.#store.put(path, bytes, either),
      async (stop) => void await this.#store.put(path, firstSlice(bytes, stop), either),
    );
  }

  publish(upload: Upload, finalPath: string): Promise<Published> {
    return this.#call(() => this.#store.publish(upload, finalPath));
  }

  discard(upload: Upload): Promise<void> {
    return this.#call(() => this.#store.discard(upload));
  }

  async sweep(): Promise<void> {
    await this.#store.sweep?.();
  }

  close(): void {
    this.#store.close();
  }

  /** Lets go of a send that was stopped in the middle. */
  [Symbol.dispose](): void {
    this.#isDead = true;
    this.#end.abort(new Error("killed"));
  }

  #appendsOf(appends: AppendStore): AppendStore {
    return {
      create: (path, isAgain) => this.#call(() => appends.create(path, isAgain)),
      abandon: (path) => appends.abandon(path),
      append: (path, parts) =>
        this.#call(() => appends.append(path, parts), async (stop) => {
          await appends.append(path, firstHalf(parts));
          await stop();
        }),
      length: (path) => this.#call(() => appends.length(path)),
      truncate: (path, length) => this.#call(() => appends.truncate(path, length)),
      recover: (path) => this.#call(() => appends.recover(path)),
    };
  }

  /** `half` does half of it, and calls what it is given then. What has no half is not done at all. */
  async #call<T>(
    whole: () => Promise<T>,
    half: (stop: () => Promise<never>) => Promise<void> = async (stop) => await stop(),
  ): Promise<T> {
    if (this.#isDead) return await never();
    const point = ++this.calls === this.#point?.call ? this.#point : undefined;
    if (point?.moment === "before") return await this.#stop(point);
    if (point?.moment === "during") await half(() => this.#stop(point));
    const answer = await whole();
    // Another call may have been the last one in the meantime.
    if (this.#isDead) return await never();
    return point ? await this.#stop(point) : answer;
  }

  async #stop({ call, kind }: StopPoint): Promise<never> {
    this.#isDead = kind === "stop";
    this.#onReached();
    if (kind === "stop") await never();
    throw new DeliveryError(`Call ${call} failed`);
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}

async function* firstSlice(
  bytes: AsyncIterable<Uint8Array>,
  stop: () => Promise<never>,
): AsyncGenerator<Uint8Array> {
  for await (const slice of bytes) {
    yield slice.subarray(0, Math.ceil(slice.length / 2));
    break;
  }
  await stop();
}

function firstHalf(parts: readonly Uint8Array[]): Uint8Array[] {
  const [first = new Uint8Array(0)] = parts;
  return [first.subarray(0, Math.ceil(first.length / 2))];
}
