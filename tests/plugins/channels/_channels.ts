import { type Channel, EventBatch, type Position, type TakeTransaction } from "sluice/plugin";
import file from "../../../plugins/channels/file.ts";
import { configOf, type CreateOptions } from "../../contracts/subject.ts";
import { testContext } from "../../support/context.ts";

/** A signal that never aborts. */
export const NEVER = new AbortController().signal;

type Settings = Readonly<Record<string, unknown>>;

/** Channels in one folder, all closed at the end, and the folder removed. */
export class Folder {
  readonly path: string;
  readonly #channels: Channel[] = [];

  constructor(path: string) {
    this.path = path;
  }

  /** Opens a file channel whose journal lies in the folder. */
  async open(name: string, settings: Settings = {}, context: CreateOptions["context"] = this.context(name)) {
    const config = await configOf(file, {
      dataDirs: `${this.path}/journal`,
      minimumRequiredSpace: 0,
      ...settings,
    });
    const channel = await file.create(config as Parameters<typeof file.create>[0], context);
    this.#channels.push(channel);
    return channel;
  }

  context(name: string) {
    return testContext({ name, stateDir: this.path });
  }

  /** What a crash would leave at this moment, in a folder of its own. */
  crashed(): Folder {
    const copy = new Folder(Deno.makeTempDirSync());
    copyFiles(this.path, copy.path);
    return copy;
  }

  /** Bytes of the journal's segments. */
  segmentBytes(): number {
    const files = Array.from(Deno.readDirSync(`${this.path}/journal`), ({ name }) => name);
    return files.filter((name) => name.endsWith(".seg"))
      .reduce((sum, name) => sum + Deno.statSync(`${this.path}/journal/${name}`).size, 0);
  }

  async end(): Promise<void> {
    for (const channel of this.#channels) await channel.close();
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** Runs a test with a folder of its own. */
export async function inFolder(run: (folder: Folder) => Promise<void>): Promise<void> {
  const folder = new Folder(Deno.makeTempDirSync());
  try {
    await run(folder);
  } finally {
    await folder.end();
  }
}

function copyFiles(from: string, to: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) {
      Deno.mkdirSync(`${to}/${name}`);
      copyFiles(`${from}/${name}`, `${to}/${name}`);
    } else Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}

export function batchOf(...bodies: string[]): EventBatch {
  return EventBatch.from(bodies.map((body) => ({ body })));
}

/** Numbered bodies, so that order shows. */
export function numbered(from: number, to: number, bytes = 0): EventBatch {
  return batchOf(...Array.from({ length: to - from }, (_, index) => `${from + index} `.padEnd(bytes, "x")));
}

export function bodiesOf(batch: EventBatch): string[] {
  return Array.from({ length: batch.size }, (_, index) => batch.text(index));
}

/** The numbers of numbered bodies. */
export function numbersOf(batch: EventBatch): number[] {
  return bodiesOf(batch).map((body) => Number(body.split(" ")[0]));
}

/** Numbers from one up to, not with, another. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** Puts, and waits until it is committed. */
export async function put(channel: Channel, batch: EventBatch): Promise<void> {
  const receipt = await channel.put(batch);
  await receipt?.committed;
}

export async function take(channel: Channel, maxEvents = 1_000_000): Promise<TakeTransaction> {
  return await channel.take({ maxEvents, signal: NEVER });
}

/** Takes and commits so many events; gives their numbers. */
export async function takeNumbers(channel: Channel, count: number, maxEvents = count): Promise<number[]> {
  const numbers: number[] = [];
  while (numbers.length < count) {
    const taken = await take(channel, Math.min(maxEvents, count - numbers.length));
    numbers.push(...numbersOf(taken.batch));
    await taken.commit();
  }
  return numbers;
}

/** The one number in a channel's position. */
export function placeOf(position: Position | undefined): number {
  return Object.values(position ?? {})[0] as number;
}
