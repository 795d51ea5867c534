import assert from "node:assert/strict";
import { DeliveryError, EventBatch, type Sink, type Source, splitLines } from "sluice/plugin";
import { startParts } from "../../support/plan.ts";
import { sampleBytes } from "../../support/samples.ts";
import { until } from "../../support/until.ts";
import { contents, makeFileRoll, replaceFileCalls, withFolder } from "./rolling.ts";

const signal = new AbortController().signal;
const one = (body: string, position?: Record<string, number>) =>
  EventBatch.from([{ body }]).with(position ? { position } : {});

Deno.test("file_roll leaves no part of an event when the disk is full, and goes on in the same file", async () => {
  await withFolder(async (directory) => {
    const block = sampleBytes("access.log");
    const batch = new EventBatch({ block, ...splitLines(block) });
    const sink = await makeFileRoll({ directory });
    await sink.write(one("vor dem Fehler"), signal);
    let roomBytes = 5000;
    {
      using _full = replaceFileCalls(({ writeSync }) => ({
        writeSync(this: Deno.FsFile, bytes) {
          if (roomBytes === 0) throw new Error("No space left on device (os error 28)");
          const count = writeSync.call(this, bytes.subarray(0, Math.min(roomBytes, 1000)));
          roomBytes -= count;
          return count;
        },
      }));
      await assert.rejects(async () => await sink.write(batch, signal), (error: Error) => {
        assert.ok(error instanceof DeliveryError);
        assert.match(error.message, /^Cannot write to ".*"$/);
        assert.match(String(error.cause), /No space left/);
        return true;
      });
      assert.deepEqual(Object.values(contents(directory)), ["vor dem Fehler\n"]);
      roomBytes = Infinity;
      await (await sink.write(batch, signal))!.delivered;
    }
    await sink.close!();
    assert.deepEqual(Object.values(contents(directory)), [
      `vor dem Fehler\n${new TextDecoder().decode(block)}`,
    ]);
  });
});

Deno.test("file_roll writes the head again that a format put before its first events, when that write failed", async () => {
  await withFolder(async (directory) => {
    const sink = await makeFileRoll({ directory, serializer: "avro_record" });
    const batch = EventBatch.ofBodies([Uint8Array.of(2)]).withHeader("flume.avro.schema.literal", '"long"');
    {
      using _failing = replaceFileCalls(() => ({
        writeSync() {
          throw new Error("No space left on device (os error 28)");
        },
      }));
      await assert.rejects(async () => await sink.write(batch, signal), DeliveryError);
    }
    await (await sink.write(batch, signal))!.delivered;
    await sink.close!();
    const [container, ...others] = Object.values(contents(directory));
    assert.match(container!, /^Obj.*avro\.schema.*"long"/s);
    assert.deepEqual(others, []);
  });
});

Deno.test("file_roll takes a write out of all folders when one of them fails", async () => {
  await withFolder(async (directory) => {
    const sink = await makeFileRoll({ directory, bucket: "%{kind}" });
    const batch = EventBatch.from([{ body: "a" }, { body: "b" }, { body: "c" }]).withHeader("kind", [
      "x",
      "y",
      "x",
    ]);
    await sink.write(batch, signal);
    {
      let writes = 0;
      using _failing = replaceFileCalls(({ writeSync }) => ({
        writeSync(this: Deno.FsFile, bytes) {
          if (++writes === 2) throw new Error("Input/output error (os error 5)");
          return writeSync.call(this, bytes);
        },
      }));
      await assert.rejects(async () => await sink.write(batch, signal), DeliveryError);
    }
    assert.deepEqual(Object.values(contents(`${directory}/x`)), ["a\nc\n"]);
    await (await sink.write(batch, signal))!.delivered;
    await sink.close!();
    assert.deepEqual(Object.values(contents(`${directory}/x`)), ["a\nc\na\nc\n"]);
    assert.deepEqual(Object.values(contents(`${directory}/y`)), ["b\nb\n"]);
  });
});

Deno.test("file_roll goes on in a new file when a torn event cannot be taken out", async () => {
  await withFolder(async (directory) => {
    const sink = await makeFileRoll({ directory, "sink.sync": "never" });
    await sink.write(one("ganz"), signal);
    {
      let isFirst = true;
      using _failing = replaceFileCalls(({ writeSync }) => ({
        writeSync(this: Deno.FsFile, bytes) {
          if (!isFirst) throw new Error("Input/output error (os error 5)");
          isFirst = false;
          return writeSync.call(this, bytes.subarray(0, 3));
        },
        truncateSync() {
          throw new Error("Input/output error (os error 5)");
        },
      }));
      await assert.rejects(async () => await sink.write(one("zerrissen"), signal), DeliveryError);
    }
    await sink.write(one("zerrissen"), signal);
    await sink.close!();
    assert.deepEqual(Object.values(contents(directory)), ["ganz\nzer", "zerrissen\n"]);
    const { lines } = sink.context as unknown as { lines: { text: string }[] };
    assert.match(lines[0]!.text, /may end with a part of an event/);
  });
});

Deno.test("file_roll rejects what a failed sync held and all that follows; made anew it cuts that off and uses a new file", async () => {
  await withFolder(async (directory) => {
    const sink = await makeFileRoll({ directory });
    await (await sink.write(one("sicher"), signal))!.delivered;
    const gate = Promise.withResolvers<void>();
    {
      using _failing = replaceFileCalls(() => ({ syncData: () => gate.promise }));
      const second = (await sink.write(one("unsicher"), signal))!.delivered;
      const third = (await sink.write(one("noch unsicherer"), signal))!.delivered;
      const rejected = [second, third].map((delivered) =>
        assert.rejects(delivered, /Cannot force ".*" to disk/)
      );
      gate.reject(new Error("Input/output error (os error 5)"));
      await Promise.all(rejected);
    }
    await assert.rejects((await sink.write(one("zu spät"), signal))!.delivered, /Cannot force ".*" to disk/);
    await sink.close!();
    const anew = await makeFileRoll({ directory });
    await anew.resume!();
    assert.deepEqual(Object.values(contents(directory)), ["sicher\n"]);
    await (await anew.write(one("unsicher"), signal))!.delivered;
    await anew.close!();
    assert.deepEqual(Object.values(contents(directory)), ["sicher\n", "unsicher\n"]);
    const { counters } = sink.context;
    assert.equal(counters.get("ConnectionCreatedCount"), counters.get("ConnectionClosedCount"));
  });
});

Deno.test("file_roll is made anew by the pipeline after a sync that nobody waited for was refused", async () => {
  await withFolder(async (directory) => {
    const broken = Promise.withResolvers<void>();
    let [made, delivered] = [0, 0];
    const source = (): Source => ({
      async run(emit) {
        await emit(one("vor dem Fehler"));
        await until("the first event", () => delivered === 1);
        {
          using _failing = replaceFileCalls(() => ({
            syncData() {
              broken.resolve();
              return Promise.reject(new Error("Input/output error (os error 5)"));
            },
          }));
          await broken.promise;
        }
        await new Promise((resolve) => setTimeout(resolve, 0));
        await emit(one("nach dem Fehler"));
      },
    });
    const sink = async (): Promise<Sink> => {
      made++;
      const real = await makeFileRoll({ directory, rollInterval: "50ms" });
      return {
        async write(batch, signal) {
          const answer = await real.write(batch, signal);
          answer!.delivered.then(() => delivered++, () => {});
          return answer!;
        },
        resume: () => real.resume!(),
        close: () => real.close!(),
      };
    };
    const pipeline = await startParts({ source, sinks: { main: sink as unknown as () => Sink } });
    await pipeline.finished;
    assert.equal(made, 2);
    assert.deepEqual(Object.values(contents(directory)), ["vor dem Fehler\n", "nach dem Fehler\n"]);
  });
});

Deno.test("file_roll shows at once that a sync was refused that nobody waited for, until it is made anew", async () => {
  await withFolder(async (directory) => {
    const sink = await makeFileRoll({ directory, rollInterval: "50ms" });
    const { context } = sink;
    const { lines } = context as unknown as { lines: { text: string }[] };
    await (await sink.write(one("die letzte"), signal))!.delivered;
    {
      using _failing = replaceFileCalls(() => ({
        syncData: () => Promise.reject(new Error("Input/output error (os error 5)")),
      }));
      await until("the reason", () => lines.length > 0);
    }
    assert.match(lines[0]!.text, /^Trying again: Cannot force ".*" to disk: Input\/output error/);
    await sink.close!();
    const { hold, recover } = context;
    const anew = await makeFileRoll({ directory }, { hold, recover });
    await anew.resume!();
    assert.equal(lines.at(-1)!.text, "Recovered");
    await anew.close!();
    assert.deepEqual(Object.values(contents(directory)), ["die letzte\n"]);
  });
});

Deno.test("file_roll shares one sync among all writes that wait", async () => {
  await withFolder(async (directory) => {
    let syncs = 0;
    const gate = Promise.withResolvers<void>();
    using _counting = replaceFileCalls(() => ({
      async syncData() {
        syncs++;
        await gate.promise;
      },
    }));
    const sink = await makeFileRoll({ directory });
    const delivered: Promise<void>[] = [];
    for (let n = 0; n < 50; n++) delivered.push((await sink.write(one(`Zeile ${n}`), signal))!.delivered);
    await until("the first sync", () => syncs > 0);
    gate.resolve();
    await Promise.all(delivered);
    // The first write's and the one of all others, and one of the manifest after each.
    assert.equal(syncs, 4);
    await sink.close!();
  });
});

Deno.test("file_roll syncs at an interval for sources that can replay, and at once for others", async () => {
  await withFolder(async (directory) => {
    const sink = await makeFileRoll({ directory, "sink.syncInterval": "1h" });
    await (await sink.write(one("erste", { file: 1 }), signal))!.delivered;
    let isDelivered = false;
    const patient = (await sink.write(one("geduldig", { file: 2 }), signal))!.delivered.then(() =>
      isDelivered = true
    );
    await (await sink.write(one("eilig"), signal))!.delivered;
    await patient;
    assert.ok(isDelivered);
    const last = (await sink.write(one("beim Schließen", { file: 3 }), signal))!.delivered;
    await sink.close!();
    await last;
  });
});

Deno.test("file_roll counts events as delivered when written, when told never to sync", async () => {
  await withFolder(async (directory) => {
    using _none = replaceFileCalls(() => ({
      syncData: () => Promise.reject(new Error("must not be called")),
    }));
    const sink = await makeFileRoll({ directory, "sink.sync": "never" });
    assert.equal(await sink.write(one("wie bei Flume"), signal), undefined);
    await sink.close!();
    assert.deepEqual(Object.values(contents(directory)), ["wie bei Flume\n"]);
  });
});

Deno.test("file_roll refuses a folder that vanished, counts it, and recovers when it is back", async () => {
  await withFolder(async (root) => {
    const directory = `${root}/out`;
    const sink = await makeFileRoll({ directory });
    Deno.removeSync(directory);
    // The text stays the same, so that a pipeline logs it once.
    for (let tries = 1; tries <= 2; tries++) {
      await assert.rejects(async () => await sink.write(one("wartet"), signal), {
        message: `Cannot create a file in "${directory}": the folder is gone; make it again`,
      });
    }
    assert.equal(sink.context.counters.get("ConnectionFailedCount"), 2);
    Deno.mkdirSync(directory);
    await (await sink.write(one("wartet"), signal))!.delivered;
    await sink.close!();
    assert.deepEqual(Object.values(contents(directory)), ["wartet\n"]);
  });
});
