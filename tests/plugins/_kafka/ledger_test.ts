import assert from "node:assert/strict";
import { systemClock } from "sluice/plugin";
import { PartitionLedger } from "../../../plugins/_kafka/ledger.ts";
import type { CommittedOffset, Partition } from "../../../protocols/kafka/client.ts";
import { until } from "../../support/until.ts";

const P0 = { topic: "app", partition: 0, topicId: "id" };
const P1 = { topic: "app", partition: 1, topicId: "id" };
const NOW = Promise.resolve();

/** A group that takes commits, and can be told to refuse them. */
class Group {
  readonly commits: string[] = [];
  refuse: Error | undefined;
  /** Awaited before a commit is answered. */
  hold: Promise<void> = NOW;

  readonly commit = async (offsets: readonly (Partition & CommittedOffset)[]): Promise<void> => {
    await this.hold;
    if (this.refuse) throw this.refuse;
    this.commits.push(
      offsets.map(({ partition, offset, metadata }) => `${partition}@${offset} ${metadata}`).join(", "),
    );
  };
}

/** Waits one turn, however long it should. */
const CLOCK = { now: () => Date.now(), sleep: () => turn() };

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Enough for a commit that should not come to come. */
async function turns(): Promise<void> {
  for (let count = 0; count < 5; count++) await turn();
}

function records(partition: Partition, from: number, size: number) {
  const offsets = Float64Array.from({ length: size }, (_, index) => from + index);
  return { ...partition, offsets, nextOffset: from + size };
}

function ledgerOf(group: Group, change: Partial<ConstructorParameters<typeof PartitionLedger>[0]> = {}) {
  return new PartitionLedger({ commit: group.commit, commitIntervalMs: 1, clock: CLOCK, ...change });
}

Deno.test("ledger commits nothing behind what has not settled, whatever settles first", async () => {
  const group = new Group();
  const ledger = ledgerOf(group);
  ledger.assign(P0, { offset: 10, metadata: "sluice id" });
  const first = await ledger.open(records(P0, 10, 5), NOW);
  const second = await ledger.open(records(P0, 15, 5), NOW);
  assert.deepEqual(first!.position, { "app/0": 15, "app/0/id": "id" });
  second!.settle();
  await turns();
  assert.deepEqual(group.commits, []);
  first!.settle();
  await until("the commit", () => group.commits.length > 0);
  assert.deepEqual(group.commits, ["0@20 sluice id"]);
  ledger.close();
});

Deno.test("ledger that settles in parts commits up to the first record that has not settled", async () => {
  const group = new Group();
  const ledger = ledgerOf(group, { inParts: true });
  ledger.assign(P0, { offset: 10, metadata: "sluice id" });
  const opened = (await ledger.open(records(P0, 10, 6), NOW))!;
  opened.settle(4, 6);
  opened.settle(0, 2);
  await until("a commit", () => group.commits.length === 1);
  opened.settle(2, 4);
  await until("the last commit", () => group.commits.length === 2);
  assert.deepEqual(group.commits, ["0@12 sluice id", "0@16 sluice id"]);
  ledger.close();
});

Deno.test("commits are coalesced: one at a time, with what settled meanwhile", async () => {
  const group = new Group();
  const { promise, resolve } = Promise.withResolvers<void>();
  group.hold = promise;
  const ledger = ledgerOf(group);
  for (const partition of [P0, P1]) ledger.assign(partition, { offset: 0, metadata: "sluice id" });
  (await ledger.open(records(P0, 0, 1), NOW))!.settle();
  await turns();
  for (let offset = 1; offset < 9; offset++) (await ledger.open(records(P0, offset, 1), NOW))!.settle();
  (await ledger.open(records(P1, 0, 4), NOW))!.settle();
  resolve();
  await until("both commits", () => group.commits.length >= 2);
  assert.deepEqual(group.commits, ["0@1 sluice id", "0@9 sluice id, 1@4 sluice id"]);
  ledger.close();
});

Deno.test("revoke waits until all is settled and committed, and lets nothing more be handed on", async () => {
  const group = new Group();
  const ledger = ledgerOf(group, { clock: systemClock, commitIntervalMs: 60_000 });
  ledger.assign(P0, undefined);
  const opened = (await ledger.open(records(P0, 0, 3), NOW))!;
  const waiting = ledger.open(records(P0, 3, 3), new Promise(() => {}));
  let isDrained = false;
  const drained = ledger.drain([P0]).then(() => isDrained = true);
  assert.equal(await waiting, undefined);
  assert.equal(await ledger.open(records(P0, 3, 3), NOW), undefined);
  assert.equal(isDrained, false);
  opened.settle();
  await drained;
  assert.deepEqual(group.commits, ["0@3 sluice id"]);
  ledger.close();
});

Deno.test("revoke ends when what was handed on is given up, and when offsets can never be committed", async () => {
  const group = new Group();
  const ledger = ledgerOf(group);
  ledger.assign(P0, undefined);
  const [first, second] = [
    await ledger.open(records(P0, 0, 3), NOW),
    await ledger.open(records(P0, 3, 3), NOW),
  ];
  first!.settle();
  second!.abandon();
  await ledger.drain([P0]);
  assert.equal(group.commits.at(-1), "0@3 sluice id");
  assert.equal(ledger.assign(P0, { offset: 3, metadata: "sluice id" }), 3);
  (await ledger.open(records(P0, 3, 3), NOW))!.settle();
  group.refuse = Object.assign(new Error("No such group"), { canRetry: false });
  await ledger.drain([P0]);
  ledger.close();
});

Deno.test("what is on its way is not read again when its partition comes back, and is committed then", async () => {
  const group = new Group();
  const ledger = ledgerOf(group);
  ledger.assign(P0, { offset: 0, metadata: "sluice id" });
  const opened = (await ledger.open(records(P0, 0, 8), NOW))!;
  ledger.lose([P0]);
  assert.equal(ledger.assign(P0, { offset: 5, metadata: "sluice id" }), 8);
  opened.settle();
  await until("the commit", () => group.commits.length > 0);
  assert.deepEqual(group.commits, ["0@8 sluice id"]);
  ledger.close();
});

Deno.test("nothing is committed of a partition that was lost", async () => {
  const group = new Group();
  const ledger = ledgerOf(group);
  ledger.assign(P0, undefined);
  const opened = (await ledger.open(records(P0, 0, 8), NOW))!;
  ledger.lose([P0]);
  opened.settle();
  await turns();
  assert.deepEqual(group.commits, []);
  ledger.close();
});

Deno.test("offset that a tool has set gets the mark before anything is handed on", async () => {
  const group = new Group();
  group.refuse = new Error("Coordinator is away");
  const troubles: unknown[] = [];
  const ledger = ledgerOf(group, {
    resume: { "app/0": 9, "app/0/id": "id" },
    onTrouble: (cause) => void troubles.push(cause),
  });
  assert.equal(ledger.assign(P0, { offset: 4, metadata: "" }), 4);
  let isOpen = false;
  const opened = ledger.open(records(P0, 4, 2), NOW).then((opened) => {
    isOpen = true;
    return opened;
  });
  await until("the trouble", () => troubles.length > 0);
  assert.equal(isOpen, false);
  group.refuse = undefined;
  assert.ok(await opened);
  assert.match(group.commits.join(), /^0@4 sluice id #[\da-f-]+$/);
  assert.deepEqual(troubles.length, 2);
  ledger.close();
});

Deno.test("topic that is made again while it is read begins at 0, and the old one's events do not count for it", async () => {
  const group = new Group();
  const ledger = ledgerOf(group);
  ledger.assign(P0, { offset: 100, metadata: "sluice id" });
  const old = (await ledger.open(records(P0, 100, 5), NOW))!;
  ledger.lose([P0]);
  const again = { ...P0, topicId: "next" };
  assert.equal(ledger.assign(again, undefined), 0);
  old.settle();
  const opened = (await ledger.open(records(again, 0, 2), NOW))!;
  assert.deepEqual(opened.position, { "app/0": 2, "app/0/id": "next" });
  opened.settle();
  await until("the commit", () => group.commits.some((text) => text.includes("@2")));
  assert.ok(group.commits.every((text) => text.endsWith("sluice next")), group.commits.join("; "));
  ledger.close();
});

Deno.test("records that only move the offset need nobody to settle them", async () => {
  const group = new Group();
  const ledger = ledgerOf(group);
  ledger.assign(P0, { offset: 4, metadata: "sluice id" });
  await ledger.open({ ...P0, offsets: new Float64Array(0), nextOffset: 9 }, NOW);
  await until("the commit", () => group.commits.length > 0);
  assert.deepEqual(group.commits, ["0@9 sluice id"]);
  ledger.close();
});

Deno.test("offset that the brokers chose is noted before anything is read, so that no later start chooses another", async () => {
  const group = new Group();
  const ledger = ledgerOf(group);
  assert.equal(ledger.assign(P0, undefined), undefined);
  ledger.begin(P0, 40);
  await until("the commit", () => group.commits.length > 0);
  assert.deepEqual(group.commits, ["0@40 sluice id"]);
  ledger.close();
});

Deno.test("offset below the noted one, in a partition that has lost its end, is noted and gone on from", async () => {
  const group = new Group();
  const ledger = ledgerOf(group);
  ledger.assign(P0, { offset: 100, metadata: "sluice id" });
  ledger.begin(P0, 50);
  const opened = (await ledger.open(records(P0, 50, 3), NOW))!;
  opened.settle();
  await until("the commit", () => group.commits.some((text) => text.includes("@53")));
  ledger.close();
});

Deno.test("offset that a tool has set holds for each member, whatever it had read before", async () => {
  const group = new Group();
  const first = ledgerOf(group);
  first.assign(P0, { offset: 4, metadata: "" });
  await until("the mark", () => group.commits.length > 0);
  const committed = { offset: 4, metadata: group.commits[0]!.replace("0@4 ", "") };
  const before = { "app/0": 900, "app/0/id": "id" };
  const second = ledgerOf(group, { resume: before });
  assert.equal(second.assign(P0, committed), 4);
  const { position } = (await second.open(records(P0, 4, 6), NOW))!;
  const killed = ledgerOf(group, { resume: { ...before, ...position } });
  assert.equal(killed.assign(P0, committed), 10);
  for (const ledger of [first, second, killed]) ledger.close();
});

Deno.test("wish that the group has forgotten does not make a member read again what it had read", async () => {
  const group = new Group();
  const stored = { "app/0": 10, "app/0/id": "id", "app/0/wish": "old" };
  const ledger = ledgerOf(group, { resume: stored });
  ledger.assign(P0, { offset: 12, metadata: "sluice id" });
  const { position } = (await ledger.open(records(P0, 12, 6), NOW))!;
  const killed = ledgerOf(group, { resume: { ...stored, ...position } });
  assert.equal(killed.assign(P0, { offset: 12, metadata: "sluice id" }), 18);
  for (const one of [ledger, killed]) one.close();
});
