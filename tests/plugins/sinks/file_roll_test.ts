import assert from "node:assert/strict";
import { type Clock, ConfigError, EventBatch, type Sink, splitLines, systemClock } from "sluice/plugin";
import { sampleBytes, sampleLines } from "../../support/samples.ts";
import { until } from "../../support/until.ts";
import { golden, goldenEvents } from "../codecs/make.ts";
import { contents, makeFileRoll, withFolder } from "./rolling.ts";

const accessLog = () => {
  const block = sampleBytes("access.log");
  return new EventBatch({ block, ...splitLines(block) });
};

/** Writes a batch and waits until it is delivered. */
async function deliver(sink: Sink, batch: EventBatch): Promise<void> {
  const answer = await sink.write(batch, new AbortController().signal);
  await answer?.delivered;
}

/** A clock that stands still until it is moved. */
function heldClock(startMs: number): Clock & { advance(ms: number): void } {
  let nowMs = startMs;
  const sleeping = new Set<{ readonly endMs: number; wake(): void }>();
  return {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = { endMs: nowMs + ms, wake: resolve };
        sleeping.add(sleeper);
        signal?.addEventListener("abort", () => resolve(), { once: true });
      }),
    advance(ms) {
      nowMs += ms;
      for (const sleeper of sleeping) if (sleeper.endMs <= nowMs) sleeper.wake();
    },
  };
}

Deno.test("file_roll writes the bytes and the name that Flume writes", async () => {
  await withFolder(async (directory) => {
    const clock = heldClock(1795225967975);
    const sink = await makeFileRoll({ directory }, { clock });
    await deliver(sink, EventBatch.from(goldenEvents()));
    await sink.close!();
    assert.deepEqual(contents(directory), {
      "1795225967975-1": new TextDecoder().decode(golden("file_roll-text/1795225967975-1")),
    });
  });
});

Deno.test("file_roll begins a new file after the interval, named by local time where told to", async () => {
  await withFolder(async (directory) => {
    const clock = heldClock(new Date(2026, 10, 21, 1, 52, 48).getTime());
    const naming = { "sink.pathManager": "rolltime", prefix: "app-", extension: "log" };
    const sink = await makeFileRoll({ directory, "sink.rollInterval": 2, ...naming }, { clock });
    await deliver(sink, EventBatch.from([{ body: "Grüße" }]));
    clock.advance(1999);
    await deliver(sink, EventBatch.from([{ body: "noch dazu" }]));
    clock.advance(2001);
    await until("the file to be finished", () => sink.context.counters.get("ConnectionClosedCount") === 1);
    await deliver(sink, EventBatch.from([{ body: "neue Datei" }]));
    await sink.close!();
    assert.deepEqual(contents(directory), {
      "app-20261121015248-1.log": "Grüße\nnoch dazu\n",
      "app-20261121015252-1.log": "neue Datei\n",
    });
  });
});

Deno.test("file_roll delivers after its sync interval although the clock has jumped back", async () => {
  await withFolder(async (directory) => {
    let nowMs = 1795225967975;
    const clock: Clock = { now: () => nowMs, sleep: (ms, signal) => systemClock.sleep(ms, signal) };
    const sink = await makeFileRoll({ directory, "sink.syncInterval": 1 }, { clock });
    await deliver(sink, EventBatch.from([{ body: "Order 1" }]).with({ position: { orders: 1 } }));
    nowMs -= 3_600_000;
    let isDelivered = false;
    const delivering = deliver(sink, EventBatch.from([{ body: "Order 2" }]).with({ position: { orders: 2 } }))
      .then(() => isDelivered = true);
    await until("the second delivery", () => isDelivered);
    await delivering;
    await sink.close!();
  });
});

Deno.test("file_roll counts names on within the same second and passes over those that are taken", async () => {
  await withFolder(async (directory) => {
    const clock = heldClock(new Date(2026, 0, 2, 3, 4, 5).getTime());
    Deno.writeTextFileSync(`${directory}/20260102030405-2`, "somebody else's");
    const sink = await makeFileRoll(
      { directory, "sink.pathManager": "ROLLTIME", "sink.rollCount": 1 },
      { clock },
    );
    for (const body of ["eins", "zwei"]) await deliver(sink, EventBatch.from([{ body }]));
    await sink.close!();
    assert.deepEqual(contents(directory), {
      "20260102030405-1": "eins\n",
      "20260102030405-2": "somebody else's",
      "20260102030405-3": "zwei\n",
    });
  });
});

Deno.test("file_roll leaves no empty files while idle and shows a lone event before it is delivered", async () => {
  await withFolder(async (directory) => {
    const sink = await makeFileRoll({ directory });
    assert.deepEqual(contents(directory), {});
    const answer = await sink.write(EventBatch.from([{ body: "allein" }]), new AbortController().signal);
    assert.deepEqual(Object.values(contents(directory)), ["allein\n"]);
    await answer!.delivered;
    await sink.close!();
  });
});

Deno.test("file_roll begins a new file after the size or the number of events that is set", async () => {
  await withFolder(async (directory) => {
    const sink = await makeFileRoll({ directory, rollSize: 12 });
    for (const body of ["kurz", "sieben", "drei"]) await deliver(sink, EventBatch.from([{ body }]));
    await sink.close!();
    assert.deepEqual(Object.values(contents(directory)), ["kurz\nsieben\n", "drei\n"]);
  });
});

Deno.test("file_roll puts events into folders by header, in order", async () => {
  await withFolder(async (directory) => {
    const batch = accessLog();
    const statuses = Array.from(
      { length: batch.size },
      (_, index) => /" (\d{3}) /.exec(batch.text(index))?.[1],
    );
    const sink = await makeFileRoll({ directory, bucket: "by status/%{status}" });
    await deliver(sink, batch.withHeader("status", statuses));
    await sink.close!();
    const lines = new Map<string, string>();
    statuses.forEach((status, index) => {
      const folder = status ?? "_unknown";
      lines.set(
        folder,
        `${lines.get(folder) ?? ""}${new TextDecoder().decode(sampleLines("access.log")[index])}\n`,
      );
    });
    for (const [folder, expected] of lines) {
      assert.deepEqual(Object.values(contents(`${directory}/by status/${folder}`)), [expected]);
    }
  });
});

Deno.test("file_roll never leaves its folder, whatever headers hold", async () => {
  await withFolder(async (root) => {
    const directory = `${root}/out`;
    const odd = [
      "../up",
      "..",
      ".",
      "a/b",
      "a\\b",
      "/etc",
      "nul\0",
      "",
      "x".repeat(300),
      "C:",
      "gut",
      undefined,
    ];
    const sink = await makeFileRoll({ directory, bucket: "%{a}%{b}/%{c}" }, { stateDir: `${root}/../state` });
    const batch = EventBatch.from(odd.map((_, index) => ({ body: `${index}` })))
      .withHeader("a", odd).withHeader("b", odd).withHeader("c", odd);
    await deliver(sink, batch.withHeader("a", ".").withHeader("b", "."));
    await deliver(sink, batch);
    await sink.close!();
    assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name), ["out"]);
    const folders = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
    assert.deepEqual(folders, ["_unknown_unknown", "gutgut"]);
    assert.deepEqual([...Deno.readDirSync(`${directory}/gutgut`)].map(({ name }) => name), ["gut"]);
  });
});

Deno.test("file_roll keeps no more files open than allowed, and loses nothing by it", async () => {
  await withFolder(async (directory) => {
    const users = Array.from({ length: 40 }, (_, index) => `user${index % 20}`);
    const sink = await makeFileRoll({ directory, bucket: "%{user}", maxOpenFiles: 3 });
    const batch = EventBatch.from(users.map((body) => ({ body }))).withHeader("user", users);
    await deliver(sink, batch);
    await deliver(sink, batch.slice(0, 5));
    await sink.close!();
    for (const user of new Set(users)) {
      const lines = Object.values(contents(`${directory}/${user}`)).join("").split("\n").slice(0, -1);
      assert.ok(lines.length >= 2 && lines.every((line) => line === user));
    }
    const { counters } = sink.context;
    assert.equal(counters.get("ConnectionCreatedCount"), counters.get("ConnectionClosedCount"));
  });
});

Deno.test("file_roll makes its folder, and says so clearly when it cannot", async () => {
  await withFolder(async (root) => {
    Deno.writeTextFileSync(`${root}/file`, "in the way");
    await assert.rejects(makeFileRoll({ directory: `${root}/file` }), (error: Error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /Cannot use folder ".*\/file": create it, or make it writable/);
      return true;
    });
    const sink = await makeFileRoll({ directory: `${root}/new/deep` });
    await deliver(sink, EventBatch.from([{ body: "da" }]));
    await sink.close!();
    assert.deepEqual(Object.values(contents(`${root}/new/deep`)), ["da\n"]);
  });
});

Deno.test("file_roll writes the head of a container once in each file", async () => {
  await withFolder(async (directory) => {
    const sink = await makeFileRoll({ directory, serializer: "avro_event", extension: "avro", rollCount: 3 });
    for (let n = 0; n < 4; n++) await deliver(sink, EventBatch.from(goldenEvents().slice(n, n + 2)));
    await sink.close!();
    const files = Object.entries(contents(directory));
    assert.equal(files.length, 2);
    for (const [name, text] of files) {
      assert.match(name, /^\d+-[12]\.avro$/);
      assert.equal(text.split("avro.schema").length, 2);
    }
  });
});
