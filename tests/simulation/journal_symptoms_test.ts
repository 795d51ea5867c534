import assert from "node:assert/strict";
import { Journal, type JournalFault, type JournalOptions, type JournalReader } from "../../journal/mod.ts";
import { JournalRun } from "./journal_run.ts";
import { plainOptions } from "./run_options.ts";
import { watched } from "./simulate.ts";

const KIB = 1024;
const SEEDS = 60;

/** A journal on a simulated disk that does what each test says, and nothing by chance. */
class Bench {
  readonly run: JournalRun;
  readonly faults: JournalFault[] = [];
  journal!: Journal;

  constructor(readonly options: Partial<JournalOptions>, seed: number) {
    this.run = new JournalRun(seed, plainOptions());
  }

  async wait<T>(promise: Promise<T>): Promise<T> {
    await this.run.time.until(promise);
    return await promise;
  }

  async open(): Promise<Journal> {
    const onFault = (fault: JournalFault) => void this.faults.push(fault);
    const options = { ...this.run.shape.journal, ...this.options, now: this.run.time.now, onFault };
    this.journal = await this.wait(Journal.open({ ...options, disk: this.run.disk.boot() }));
    return this.journal;
  }

  /** Puts frames of one event each, one group for each payload length. */
  async put(...lengths: number[]): Promise<void> {
    const channels = Object.values(this.journal.state.channels).map(({ id }) => id);
    for (const bytes of lengths) {
      const frame = { bytes: new Uint8Array(64 + bytes).fill(bytes), count: 1, channels };
      await this.wait(this.journal.append([frame]).committed);
    }
  }

  /** The sequence of the next frame; damage is a failure. */
  async read(reader: JournalReader): Promise<number | undefined> {
    const frame = await this.wait(reader.next((bytes) => new Uint8Array(bytes)));
    if (frame && "fault" in frame) throw new Error(frame.fault.text);
    return frame?.sequence;
  }

  segments(): string[] {
    return this.run.disk.entries.all().flatMap(([path]) => path.endsWith(".seg") ? [path] : []);
  }

  flip(path: string, offset: number): void {
    this.run.disk.entries.get(path)!.flip(offset, 0);
  }
}

/** A test that plays the same on disks that lose different things. */
function test(name: string, options: Partial<JournalOptions>, body: (bench: Bench) => Promise<void>): void {
  Deno.test(name, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const bench = new Bench(options, seed);
      await watched(bench.run, () => body(bench));
      if (bench.run.failure !== undefined) throw bench.run.failure;
    }
  });
}

test(
  "journal keeps segments that a rewound channel needs while the disk knows only where it was before",
  { sync: "never", segmentBytes: 8 * KIB },
  async (bench) => {
    const journal = await bench.open();
    for (const name of ["a", "b"]) await bench.wait(journal.addChannel(name));
    await bench.put(7000, 7001, 7002, 7003, 7004, 7005);
    journal.deliver("a", 4, 4);
    await bench.wait(journal.checkpoint());
    await bench.wait(journal.moveChannel("a", { sequence: 1 }));
    journal.deliver("a", 2, 1);
    journal.deliver("b", 6, 6);
    await bench.wait(journal.checkpoint());
    journal.deliver("a", 6, 4);
    await bench.put(10);
    bench.run.disk.cutPower();
    const { faults } = await bench.open();
    assert.deepEqual(faults.filter(({ kind }) => kind === "missing-segment"), []);
  },
);

test(
  "journal takes a bit that turned over in a checkpoint's version for damage, not for a newer program",
  {},
  async (bench) => {
    await bench.open();
    await bench.wait(bench.journal.addChannel("a"));
    await bench.put(10);
    await bench.wait(bench.journal.close());
    bench.flip("/checkpoint/checkpoint", 6);
    const { faults, committedSequence } = await bench.open();
    assert.deepEqual(faults.map(({ kind }) => kind), ["damaged-checkpoint"]);
    assert.equal(committedSequence, 1);
  },
);

test(
  "journal reader gives no frame twice when a failed sync makes the journal write them again",
  { sync: "interval", syncIntervalMs: 100 },
  async (bench) => {
    const journal = await bench.open();
    const { id } = await bench.wait(journal.addChannel("a"));
    await bench.wait(journal.checkpoint());
    const { disk, time } = bench.run;
    disk.faults.odds = { sync: 1 };
    disk.onLoss = () => disk.faults.odds = {};
    await bench.put(100, 101);
    const reader = journal.reader(id, 0);
    const before = [await bench.read(reader), await bench.read(reader)];
    while (bench.faults.length === 0) await time.pass(20);
    assert.equal(bench.faults[0]!.kind, "sync-failed");
    await time.pass(1000);
    await bench.put(102);
    assert.deepEqual([...before, await bench.read(reader), await bench.read(reader)], [0, 1, 2, undefined]);
  },
);

test(
  "journal keeps the frames of a segment whose snapshot is damaged although the one before goes on",
  {},
  async (bench) => {
    await bench.open();
    const { id } = await bench.wait(bench.journal.addChannel("a"));
    await bench.put(100, 101, 102);
    // What nobody knew to be on disk stands in two segments when the open has written it again.
    bench.run.disk.kill();
    await bench.open();
    await bench.put(103);
    await bench.wait(bench.journal.checkpoint());
    const [before, rewritten] = bench.segments() as [string, string];
    bench.flip(before, bench.run.disk.entries.get(before)!.bytes - 5);
    bench.flip(rewritten, 130);
    bench.run.disk.kill();
    await bench.open();
    const reader = bench.journal.reader(id, 0);
    const sequences = [];
    for (
      let sequence = await bench.read(reader);
      sequence !== undefined;
      sequence = await bench.read(reader)
    ) {
      sequences.push(sequence);
    }
    assert.deepEqual(sequences, [0, 1, 2, 3]);
  },
);

test("journal tells of the tail it cut off although the open fails afterwards", {}, async (bench) => {
  await bench.open();
  await bench.wait(bench.journal.addChannel("a"));
  await bench.put(100);
  const torn = bench.segments().at(-1)!;
  const file = bench.run.disk.entries.get(torn)!;
  file.write(new Uint8Array(50).fill(1), file.bytes);
  bench.run.disk.kill();
  const isCut = () => bench.faults.some(({ kind }) => kind === "torn-tail");
  for (let offset = 1; !isCut(); offset++) {
    assert.ok(offset < 200, "No operation behind the cut has failed");
    const saved = file.bytes;
    bench.run.disk.faults.failAt = bench.run.disk.faults.count + offset;
    const opened = await bench.open().then((journal) => journal, () => undefined);
    if (opened) {
      assert.ok(opened.faults.some(({ kind }) => kind === "torn-tail") || file.bytes === saved);
      break;
    }
    if (file.bytes < saved) assert.ok(isCut(), "The tail is gone, and nobody was told");
  }
});

test(
  "journal does not miss what was removed when only the removal of an older segment failed",
  { segmentBytes: 8 * KIB, retention: { bytes: 30 * KIB } },
  async (bench) => {
    const journal = await bench.open();
    await bench.wait(journal.addChannel("a"));
    await bench.put(100, 9000, 7000, 7001);
    journal.deliver("a", 4, 4);
    const { faults } = bench.run.disk;
    faults.odds = {
      get remove() {
        return faults.injected === 0 ? 1 : 0;
      },
    };
    const [oldest] = bench.segments() as [string];
    for (let bytes = 7002; journal.firstSequence < 2; bytes++) {
      await bench.put(bytes);
      journal.deliver("a", journal.committedSequence, 1);
    }
    await bench.wait(journal.close());
    assert.ok(bench.segments().includes(oldest));
    const reopened = await bench.open();
    const { id, cursor } = await bench.wait(reopened.addChannel("b", "earliest"));
    const reader = reopened.reader(id, cursor);
    for (let due = cursor; due < reopened.committedSequence; due++) {
      assert.equal(await bench.read(reader), due);
    }
  },
);

test(
  "journal does not count a channel as empty because lost events may have been its own",
  {},
  async (bench) => {
    const journal = await bench.open();
    const a = await bench.wait(journal.addChannel("a"));
    const b = await bench.wait(journal.addChannel("b"));
    const frame = (bytes: number, id: number) => ({
      bytes: new Uint8Array(64 + bytes),
      count: 5,
      channels: [id],
    });
    for (const id of [b.id, a.id]) await bench.wait(journal.append([frame(300, id)]).committed);
    const path = bench.segments().at(-1)!;
    const offset = bench.run.disk.entries.get(path)!.bytes - 2 * 364;
    bench.flip(path, offset + 12);
    const damaged = await bench.wait(journal.reader(a.id, 0).next((bytes) => new Uint8Array(bytes)));
    assert.ok(damaged && "fault" in damaged);
    journal.deliver("a", damaged.sequence + damaged.count, damaged.count);
    assert.equal(journal.state.channels.a!.size, 5);
  },
);

test(
  "journal keeps positions when a sync fails behind a segment that took the place of another",
  {},
  async (bench) => {
    const { run } = bench;
    await bench.open();
    await bench.wait(bench.journal.append([], [{ source: "tail", position: { file: 7 } }]).committed);
    // Opened again, the journal begins a segment at the same sequence.
    await bench.wait(bench.journal.close());
    await bench.open();
    // Of the first append only the start of its segment is left: list, create, write, and the write that fails.
    run.disk.faults.failAt = run.disk.faults.count + 4;
    const spool = () => bench.journal.append([], [{ source: "spool", position: { file: 1 } }]).committed;
    await bench.wait(assert.rejects(spool(), /Cannot write/));
    await run.time.pass(500);
    run.disk.faults.odds = { sync: 1, create: 1 };
    await bench.wait(assert.rejects(spool()));
    run.disk.faults.odds = {};
    for (const path of ["checkpoint", "checkpoint.old"]) {
      if (run.disk.entries.get(`/checkpoint/${path}`)) bench.flip(`/checkpoint/${path}`, 20);
    }
    run.disk.kill();
    const { state } = await bench.open();
    assert.deepEqual(state.positions, { tail: { file: 7 } });
  },
);

test(
  "journal removes nothing on the word of a checkpoint whose name is not on disk",
  { segmentBytes: 8 * KIB },
  async (bench) => {
    const journal = await bench.open();
    await bench.wait(journal.addChannel("a"));
    await bench.put(7000, 7001, 7002, 7003);
    const { disk, time } = bench.run;
    const before = disk.entries.get("/checkpoint/checkpoint");
    journal.append([], [{ source: "tail", position: { file: 1 } }]);
    journal.checkpoint().catch(() => {});
    // What is delivered during the sync is in the checkpoint, and not yet in the log.
    await time.settle();
    journal.deliver("a", 4, 4);
    while (disk.entries.get("/checkpoint/checkpoint") === before) assert.ok(await time.step());
    disk.kill();
    await bench.open();
    disk.cutPower();
    const { faults } = await bench.open();
    assert.deepEqual(faults.filter(({ kind }) => kind === "missing-segment"), []);
  },
);
