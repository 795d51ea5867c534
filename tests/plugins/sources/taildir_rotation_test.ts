import assert from "node:assert/strict";
import { join } from "node:path";
import type { EventBatch, Position } from "sluice/plugin";
import taildir from "../../../plugins/sources/taildir.ts";
import { runSource, type SourceRun } from "../../support/run_source.ts";
import { until } from "../../support/until.ts";

const PAGES = ["/cart", "/köln?plz=50667", "/login", "/a/rather/long/path/that/goes/on/and/on", ""];

function logLine(index: number): string {
  return `${1_700_000_000 + index} shop-${index % 7} GET ${PAGES[index % PAGES.length]} ${index}`;
}

function logLines(count: number): string[] {
  return Array.from({ length: count }, (_, index) => logLine(index));
}

/** Another process writes numbered lines as fast as it can, and renames its file after so many. */
async function writeRotating(folder: string, lines: number, linesPerFile: number): Promise<void> {
  const script = `i=0; exec 3>>app.log
while [ $i -lt ${lines} ]; do
  printf 'order %s of ${lines}\\n' $i >&3
  i=$((i + 1))
  if [ $((i % ${linesPerFile})) = 0 ]; then mv app.log app.log.$i; exec 3>>app.log; fi
done`;
  const status = await new Deno.Command("/bin/sh", { args: ["-c", script], cwd: folder }).spawn().status;
  assert.ok(status.success);
}

function orders(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `order ${index} of ${count}`);
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    await test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("taildir gives every line once while another process writes and renames", () =>
  inFolder(async (folder) => {
    const run = runSource(taildir, { paths: join(folder, "app\\.log.*") });
    await writeRotating(folder, 20_000, 1700);
    assert.deepEqual((await run.untilSize(20_000)).toSorted(), orders(20_000).toSorted());
    await run.stop();
  }));

Deno.test("taildir gives every line once and in order when the renamed files no longer match", () =>
  inFolder(async (folder) => {
    const run = runSource(taildir, { paths: join(folder, "app\\.log") });
    const path = join(folder, "app.log");
    for (let index = 0, text = ""; index < 12_000; index++) {
      text += logLine(index) + "\n";
      // Pieces end anywhere in a line.
      if (index % 40 === 39) {
        const cut = index % 3000 === 2999 ? text.length : text.length - index % 50;
        Deno.writeTextFileSync(path, text.slice(0, cut), { append: true });
        text = text.slice(cut);
        await new Promise((resolve) => setTimeout(resolve));
      }
      if (index % 3000 === 1499) await until("some of the file", () => run.size > index - 1400);
      if (index % 3000 === 2999) Deno.renameSync(path, `${path}.${index}`);
    }
    assert.deepEqual(await run.untilSize(12_000), logLines(12_000));
    await run.stop();
  }));

Deno.test("taildir gives every line once and in order when the file is copied and truncated", () =>
  inFolder(async (folder) => {
    const run = runSource(taildir, { paths: join(folder, "app\\.log") });
    const path = join(folder, "app.log");
    const file = Deno.openSync(path, { append: true, create: true });
    for (let index = 0; index < 12_000; index++) {
      file.writeSync(new TextEncoder().encode(logLine(index) + "\n"));
      if (index % 64 === 0) await new Promise((resolve) => setTimeout(resolve));
      if (index % 1900 !== 1899) continue;
      await until("all lines before the truncation", () => run.size > index);
      Deno.copyFileSync(path, `${path}.${index}`);
      file.truncateSync(0);
    }
    assert.deepEqual(await run.untilSize(12_000), logLines(12_000));
    file.close();
    await run.stop();
  }));

Deno.test("taildir loses and repeats nothing when it is stopped mid-way again and again", () =>
  inFolder(async (folder) => {
    const delivered: string[] = [];
    let position: Position | undefined;
    const writing = writeRotating(folder, 12_000, 2500);
    let isWritten = false;
    writing.then(() => isWritten = true);
    const lastRun = () => isWritten && delivered.length === 12_000;
    for (let accept = 1; !lastRun(); accept++) {
      const run: SourceRun = runSource(
        taildir,
        { paths: join(folder, "app\\.log.*"), batchSize: 97 },
        position ? { resume: position } : {},
      );
      let left = accept;
      run.answer = (batch: EventBatch) => {
        if (left-- <= 0) return new Promise<void>(() => {});
        for (let index = 0; index < batch.size; index++) delivered.push(batch.text(index));
      };
      await until("the batches of this run", () => left <= 0 || lastRun());
      await run.stop();
      position = run.position;
    }
    await writing;
    assert.deepEqual(delivered.toSorted(), orders(12_000).toSorted());
  }));

Deno.test("taildir gives all lines of a file that was truncated and grew again while the pipeline was full", () =>
  inFolder(async (folder) => {
    const path = join(folder, "app.log");
    const lines = logLines(120_000);
    Deno.writeTextFileSync(path, lines.slice(0, 50_000).join("\n") + "\n");
    const run = runSource(taildir, { paths: join(folder, "app\\.log") });
    const gate = Promise.withResolvers<void>();
    run.answer = () => void (run.ready = gate.promise);
    await until("the first block", () => run.size > 0);
    const early = run.size;
    assert.ok(early < 50_000);
    Deno.truncateSync(path);
    Deno.writeTextFileSync(path, lines.slice(50_000).join("\n") + "\n", { append: true });
    // As long as a sink may well be stuck.
    await run.context.clock.sleep(150, new AbortController().signal);
    run.answer = () => {};
    run.ready = Promise.resolve();
    gate.resolve();
    assert.deepEqual(await run.untilSize(early + 70_000), [...lines.slice(0, early), ...lines.slice(50_000)]);
    await run.stop();
  }));
