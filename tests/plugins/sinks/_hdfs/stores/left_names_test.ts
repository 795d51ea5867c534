import assert from "node:assert/strict";
import { LeftNames } from "../../../../../plugins/sinks/_hdfs/stores/left_names.ts";

const MINUTE_MS = 60_000;

/** Names of one life after the other, a clock, and what is at the target. */
class Lives {
  readonly there = new Set<string>();
  nowMs = 0;
  readonly #folder = Deno.makeTempDirSync();
  names = this.next();

  next(): LeftNames {
    return this.names = new LeftNames(`${this.#folder}/names.json`, () => this.nowMs);
  }

  /** What was asked for. */
  async sweep(): Promise<string[]> {
    const asked: string[] = [];
    await this.names.sweep((name) => {
      asked.push(name);
      return Promise.resolve(this.there.delete(name));
    });
    return asked;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

Deno.test("left names give each try a name that looks like the one before", () => {
  using lives = new Lives();
  const { names } = lives;
  for (
    const [wish, other] of [
      ["day=1.5/_web.17.gz.tmp", "day=1.5/_web.17.gz.retry1.tmp"],
      ["day=1.5/.web", "day=1.5/.web.retry1"],
      [".web", ".web.retry1"],
      ["web", "web.retry1"],
    ] as const
  ) {
    assert.equal(names.choose(wish), wish);
    assert.equal(names.choose(wish), other);
    names.leave(wish);
    assert.notEqual(names.choose(wish), wish);
  }
});

Deno.test("left names are watched for a quarter of an hour, and longer while something is there", async () => {
  using lives = new Lives();
  lives.names.choose("a.tmp");
  assert.deepEqual(await lives.sweep(), []);
  lives.names.leave("a.tmp");
  assert.deepEqual(await lives.sweep(), ["a.tmp"]);
  lives.nowMs = 15 * MINUTE_MS;
  lives.there.add("a.tmp");
  assert.deepEqual(await lives.sweep(), ["a.tmp"]);
  assert.equal(lives.there.size, 0);
  assert.deepEqual(await lives.sweep(), ["a.tmp"]);
  assert.deepEqual(await lives.sweep(), []);
});

Deno.test("left names that were in use when a life ended are watched in the next", async () => {
  using lives = new Lives();
  lives.names.choose("a.tmp");
  lives.names.choose("b.tmp");
  lives.names.choose("c.tmp");
  lives.names.settle("c.tmp");
  lives.next().keep("b.tmp");
  assert.deepEqual(await lives.sweep(), ["a.tmp"]);
  lives.names.settle("b.tmp");
  assert.deepEqual(await lives.sweep(), ["a.tmp", "b.tmp"]);
  lives.nowMs = 20 * MINUTE_MS;
  await lives.sweep();
  lives.next();
  assert.deepEqual(await lives.sweep(), []);
});

Deno.test("a left name that becomes a final one waits until nothing takes it away", async () => {
  using lives = new Lives();
  lives.names.choose("a");
  lives.names.leave("a");
  const removing = Promise.withResolvers<boolean>();
  const sweeping = lives.names.sweep(() => removing.promise);
  let isFree = false;
  const free = lives.names.release("a").then(() => isFree = true);
  await Promise.resolve();
  assert.equal(isFree, false);
  removing.resolve(true);
  await Promise.all([sweeping, free]);
  assert.deepEqual(await lives.sweep(), []);
});
