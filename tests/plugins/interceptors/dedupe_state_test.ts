import assert from "node:assert/strict";
import { until } from "../../support/until.ts";
import { stage, TestFate } from "./dedupe_stage.ts";

function keyFiles(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => name !== "lock").sort();
}

Deno.test("dedupe interceptor finds its keys after a restart, those of batches that were not safe left out", async () => {
  await using at = await stage();
  const before = await at.open();
  const unsafe = new TestFate();
  await before.passSafely(["a", "b"]);
  before.pass(["c"], unsafe);
  await before.close();
  await unsafe.commit();
  const after = await at.open();
  assert.deepEqual(await after.passSafely(["a", "b", "c"]), ["c"]);
});

Deno.test("dedupe interceptor has written keys as soon as they are safe, so that a killed program finds them", async () => {
  await using at = await stage();
  const once = await at.open();
  await once.passSafely(["a"]);
  assert.equal(keyFiles(at.folder).length, 1);
  const copy = await Deno.makeTempDir();
  await Deno.mkdir(`${copy}/dedupe/in/once`, { recursive: true });
  for (const name of keyFiles(at.folder)) {
    await Deno.copyFile(`${at.folder}/${name}`, `${copy}/dedupe/in/once/${name}`);
  }
  const after = await at.open({}, { stateDir: copy });
  assert.deepEqual(await after.passSafely(["a", "b"]), ["b"]);
  await after.close();
  await Deno.remove(copy, { recursive: true });
});

Deno.test("dedupe interceptor starts from a file that is torn anywhere, with the keys before the tear", async () => {
  await using at = await stage();
  const first = await at.open();
  await first.passSafely(["a", "b"]);
  await first.passSafely(["c"]);
  await first.close();
  const [name] = keyFiles(at.folder);
  const whole = await Deno.readFile(`${at.folder}/${name}`);
  for (let bytes = 0; bytes < whole.length; bytes++) {
    for (const file of keyFiles(at.folder)) await Deno.remove(`${at.folder}/${file}`);
    await Deno.writeFile(`${at.folder}/${name}`, whole.subarray(0, bytes));
    const torn = await at.open();
    const passed = torn.pass(["a", "b", "c"], new TestFate());
    assert.ok(["a b c", "c"].includes(passed.join(" ")), `${passed} after ${bytes} bytes`);
    await torn.close();
  }
  for (let place = 0; place < whole.length; place++) {
    const damaged = whole.slice();
    damaged[place]! ^= 0x10;
    for (const file of keyFiles(at.folder)) await Deno.remove(`${at.folder}/${file}`);
    await Deno.writeFile(`${at.folder}/${name}`, damaged);
    const torn = await at.open();
    assert.deepEqual(torn.pass(["d"], new TestFate()), ["d"]);
    await torn.close();
  }
});

Deno.test("dedupe interceptor joins the files of many starts, and lets no key go by that", async () => {
  await using at = await stage();
  const bodies = Array.from({ length: 30 }, (_, index) => `event ${index}`);
  for (const body of bodies) {
    const once = await at.open();
    await once.passSafely([body]);
    await once.close();
  }
  assert.ok(keyFiles(at.folder).length <= 9, String(keyFiles(at.folder)));
  const after = await at.open();
  assert.deepEqual(await after.passSafely([...bodies, "new"]), ["new"]);
});

Deno.test("dedupe interceptor keeps a bounded number of files, however many keys come", async () => {
  await using at = await stage();
  const settings = { maxKeys: 100 };
  for (let start = 0; start < 3; start++) {
    const once = await at.open(settings);
    for (let round = 0; round < 5; round++) {
      await once.passSafely(Array.from({ length: 60 }, (_, index) => `${start} ${round} ${index}`));
    }
    await once.close();
  }
  const after = await at.open(settings);
  const last = Array.from({ length: 60 }, (_, index) => `2 4 ${index}`);
  assert.deepEqual(await after.passSafely(last), []);
  assert.ok(keyFiles(at.folder).length <= 5, String(keyFiles(at.folder)));
});

Deno.test("dedupe interceptor begins anew when its keys are made of something else", async () => {
  await using at = await stage();
  const before = await at.open({ regex: "a(\\d)" });
  await before.passSafely(["a1 b1"]);
  await before.close();
  const after = await at.open({ regex: "b(\\d)" });
  assert.deepEqual(await after.passSafely(["a2 b1"]), ["a2 b1"]);
});

Deno.test("dedupe interceptor refuses a folder that another one has, and says who", async () => {
  await using at = await stage();
  await at.open();
  await assert.rejects(() => at.open(), {
    message:
      `Cannot use "${at.folder}": process ${Deno.pid} has it. Stop that process, or use another --state-dir`,
  });
});

Deno.test("dedupe interceptor goes on when keys cannot be saved, and says so once", async () => {
  await using at = await stage();
  const once = await at.open();
  await Deno.remove(at.folder, { recursive: true });
  for (const body of ["a", "b"]) {
    await once.passSafely([body]);
    await until("the warning", () => at.context.lines.length === 1);
  }
  assert.match(at.context.lines[0]!.text, /^Keys are not saved, so repeats may pass after a restart: /);
  assert.deepEqual(await once.passSafely(["a", "c"]), ["c"]);
});
