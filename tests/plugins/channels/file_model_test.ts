import assert from "node:assert/strict";
import { type Channel, mergePositions, type Position, type TakeTransaction } from "sluice/plugin";
import { Folder, numbered, numbersOf, range, take } from "./_channels.ts";

const STEPS = 120;
const SEEDS = Deno.env.get("CHANNEL_SEED")?.split(",").map(Number) ?? range(1, 13);

/** Numbers from a seed (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = state + 0x6D2B79F5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) % below;
  };
}

/** A sink that keeps the position with what it stores, and loses at a failure what it has not stored. */
class StoringSink {
  readonly stored: number[] = [];
  position: Position = {};
  #open: { readonly take: TakeTransaction; readonly numbers: number[]; readonly position: Position }[] = [];

  async write(channel: Channel, maxEvents: number): Promise<void> {
    const taken = await take(channel, maxEvents);
    this.#open.push({ take: taken, numbers: numbersOf(taken.batch), position: taken.batch.position! });
    taken.accept!();
  }

  async refuse(channel: Channel, maxEvents: number): Promise<void> {
    await (await take(channel, maxEvents)).rollback();
  }

  /** Events that were taken and are not stored. */
  get openEvents(): number {
    return this.#open.reduce((sum, { numbers }) => sum + numbers.length, 0);
  }

  async store(count: number): Promise<void> {
    for (const { take, numbers, position } of this.#open.splice(0, count)) {
      this.stored.push(...numbers);
      this.position = mergePositions(this.position, position);
      await take.commit();
    }
  }

  /** Fails; sometimes it has stored something without having said so. */
  fail(unsaid: number): void {
    const open = this.#open.splice(0);
    for (const { numbers, position } of open.slice(0, unsaid)) {
      this.stored.push(...numbers);
      this.position = mergePositions(this.position, position);
    }
    for (const { take } of open.toReversed()) void take.rollback();
  }

  forget(): void {
    this.#open = [];
  }
}

class Trial {
  readonly #random: (below: number) => number;
  readonly #settings: Record<string, unknown>;
  readonly #folders: Folder[] = [new Folder(Deno.makeTempDirSync())];
  readonly #sink = new StoringSink();
  #channel!: Channel;
  #neighbour!: Channel;
  #put = 0;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
    this.#settings = {
      windowBytes: [1024, 8192, 1 << 20][seed % 3],
      capacity: 100_000,
      sync: seed % 2 === 0 ? "always" : "never",
      compression: seed % 5 === 0 ? "zstd" : "none",
    };
  }

  async run(): Promise<void> {
    try {
      await this.#open();
      for (let step = 0; step < STEPS; step++) await this.#step();
      await this.#sink.store(Infinity);
      while (this.#left > 0) {
        await this.#sink.write(this.#channel, 50);
        await this.#sink.store(1);
      }
      assert.deepEqual(this.#sink.stored, range(0, this.#put));
      assert.equal(this.#channel.size, 0);
    } finally {
      for (const folder of this.#folders) await folder.end();
    }
  }

  get #left(): number {
    return this.#put - this.#sink.stored.length;
  }

  async #step(): Promise<void> {
    const dice = this.#random(100);
    const waiting = this.#left - this.#sink.openEvents;
    if (dice < 40) await this.#putSome();
    else if (dice < 70 && waiting > 0) await this.#sink.write(this.#channel, 1 + this.#random(40));
    else if (dice < 76 && waiting > 0) await this.#sink.refuse(this.#channel, 1 + this.#random(40));
    else if (dice < 90) await this.#sink.store(this.#random(4));
    else if (dice < 95) await this.#fail();
    else await this.#restart(dice > 97);
    if (this.#sink.openEvents === 0) assert.equal(this.#channel.size, this.#left);
  }

  async #putSome(): Promise<void> {
    const puts: Promise<unknown>[] = [];
    for (let count = this.#random(6); count >= 0; count--) {
      const events = 1 + this.#random(12);
      const batch = numbered(this.#put, this.#put += events, this.#random(300));
      const parts = [{ channel: this.#channel, batch }, { channel: this.#neighbour, batch: numbered(0, 3) }];
      const put = this.#channel.log!.put(this.#random(2) === 0 ? parts : parts.slice(0, 1));
      puts.push(put.then(({ committed }) => committed));
    }
    await Promise.all(puts);
  }

  async #fail(): Promise<void> {
    this.#sink.fail(this.#random(3));
    await this.#channel.resume!(this.#sink.position);
  }

  async #restart(isCrash: boolean): Promise<void> {
    const folder = this.#folders.at(-1)!;
    if (isCrash) this.#folders.push(folder.crashed());
    this.#sink.forget();
    for (const channel of [this.#channel, this.#neighbour]) await channel.close();
    await this.#open();
  }

  async #open(): Promise<void> {
    const folder = this.#folders.at(-1)!;
    this.#channel = await folder.open("main", this.#settings);
    this.#neighbour = await folder.open("neighbour", this.#settings);
    await this.#channel.resume!(this.#sink.position);
  }
}

for (const seed of SEEDS) {
  Deno.test(`file channel gives a storing sink each event once whatever happens, seed ${seed}`, async () => {
    try {
      await new Trial(seed).run();
    } catch (cause) {
      throw new Error(`Run again with CHANNEL_SEED=${seed}`, { cause });
    }
  });
}
