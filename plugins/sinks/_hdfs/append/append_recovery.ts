import { type Context, DeliveryError } from "sluice/plugin";
import type { FileState } from "../../_rolling/manifest_format.ts";
import type { AppendName } from "./append_name.ts";
import { nameOf } from "../stage/delivery_way.ts";
import { publishFree } from "./publish_free.ts";
import type { AppendStore, FileStore } from "../stores/store.ts";
import { isSameTarget } from "../target.ts";

/** A server holds a file for a lost writer for a minute, and needs some time to close it. */
const MAX_TRIES = 300;
const TRY_MS = 1000;

/** A file that grew by appends, as the manifest knows it. */
export interface LeftAppend {
  readonly name: AppendName;
  readonly file: FileState;
  /** True: it is not cut, for nobody knows what was delivered. */
  readonly keepsTail: boolean;
  /** What the store leads to now. */
  readonly target: string;
}

/** Cuts a file that an earlier life appended to back to what was delivered, and gives it its final name. */
export async function finishAppended(left: LeftAppend, store: FileStore, context: Context): Promise<void> {
  const { name, file: { bytes }, keepsTail } = left;
  const { appends } = store;
  if (!appends) {
    throw new DeliveryError(`"${name.inUse}" cannot be cut there: set hdfs.path back for one start`);
  }
  if (await appends.length(name.inUse) === undefined) {
    await checkTarget(left, appends);
    return await finishUnseen(left, store, context);
  }
  // What a writer that was lost has written does not show in the length.
  await eventually(context, name.inUse, () => appends.recover(name.inUse));
  const there = await appends.length(name.inUse) ?? 0;
  if (isOthers(left, there)) {
    return context.log.warn("Another file has the name that one was to have", { path: name.inUse });
  }
  // An empty one may come from a request that arrived when the file had its name already.
  const isEmpty = there === 0 && name.inUse !== nameOf(name, 0);
  if (isEmpty || (bytes === 0 && !keepsTail)) {
    await store.discard({ path: name.inUse, bytes: there });
    return await finishUnseen(left, store, context);
  }
  const deliveredBytes = keepsTail ? there : Math.min(bytes ?? there, there);
  if (bytes !== null && there < bytes) {
    context.log.warn("A file is shorter than it was", {
      path: name.inUse,
      bytes: there,
      deliveredBytes: bytes,
    });
  }
  if (there > deliveredBytes) await cut(appends, { path: name.inUse, bytes: deliveredBytes }, context);
  await publishFree(store, { name, bytes: deliveredBytes, isWatched: true }, context.log);
}

/** What is not there may be where it was begun. @throws {DeliveryError} */
async function checkTarget(
  { name, file: { bytes }, keepsTail, target }: LeftAppend,
  appends: AppendStore,
): Promise<void> {
  const isElsewhere = name.target !== undefined && !isSameTarget(name.target, target);
  const isEmpty = bytes === 0 && !keepsTail;
  if (!isElsewhere || isEmpty || await appends.length(nameOf(name, 0)) === bytes) return;
  throw new DeliveryError(
    `"${name.inUse}" was begun at "${name.target}" and is not here: ` +
      "set hdfs.path and hdfs.nameNodes back for one start",
  );
}

/** Nothing is sent to a file whose name in use is its final one before it is noted that it was made here. */
function isOthers({ name, file }: LeftAppend, bytes: number): boolean {
  // Names without a target are of a version that did not note what it had made.
  const isKnown = name.target === undefined || file.isCreated === true;
  return file.bytes === 0 && bytes > 0 && !isKnown && name.inUse === nameOf(name, 0);
}

/** Where nothing is under the in-use name: a file may have its final one already, and that not for certain yet. */
async function finishUnseen(
  { name, file: { bytes } }: LeftAppend,
  store: FileStore,
  { log }: Context,
): Promise<void> {
  if (bytes) return void await publishFree(store, { name, bytes, isWatched: true }, log);
  // An earlier start may have removed it, and failed before that was certain.
  await store.discard({ path: name.inUse, bytes: 0 });
  // A killed process may have asked for the file just before.
  if (name.inUse !== nameOf(name, 0)) store.appends?.abandon(name.inUse);
}

async function cut(
  appends: AppendStore,
  { path, bytes }: { path: string; bytes: number },
  context: Context,
): Promise<void> {
  await eventually(context, path, () => appends.truncate(path, bytes));
  // The server may still be at it.
  await eventually(context, path, () => appends.recover(path));
}

/** Asks until the answer is true; the reason of the wait shows meanwhile. */
async function eventually(context: Context, path: string, ask: () => Promise<boolean>): Promise<void> {
  const { clock, signal, stopSignal = signal, hasSubstitutes } = context;
  for (let tries = 1; !(await ask()); tries++) {
    const cause = new DeliveryError(`"${path}" is still held for a writer that is gone`);
    if (signal.aborted || stopSignal.aborted || hasSubstitutes || tries === MAX_TRIES) throw cause;
    if (tries === 1) context.hold(cause);
    await clock.sleep(TRY_MS, AbortSignal.any([signal, stopSignal]));
  }
  context.recover();
}
