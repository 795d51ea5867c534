import assert from "node:assert/strict";
import { EventBatch, PoisonError, systemClock } from "sluice/plugin";
import { Admission } from "../../../../../plugins/sinks/_hdfs/append/admission.ts";
import { Buckets } from "../../../../../plugins/sinks/_hdfs/buckets.ts";
import type { AppendStore } from "../../../../../plugins/sinks/_hdfs/stores/store.ts";
import { testContext } from "../../../../support/context.ts";

const NAMES = { path: "%{kind}", filePrefix: "%{kind}", inUsePrefix: "", inUseSuffix: ".tmp", end: "" };
const HOST = { name: "here", address: "127.0.0.1", fqdn: "here" };
const SETTINGS = {
  ...NAMES,
  isAlwaysApart: false,
  useLocalTimeStamp: false,
  host: HOST,
  headerSlashes: "encode",
} as const;

/** The parts of a batch with an event for each kind. */
function partsOf(kinds: readonly string[]) {
  const buckets = new Buckets(SETTINGS, systemClock);
  return buckets.split(EventBatch.from(kinds.map((kind) => ({ body: kind, headers: { kind } }))));
}

function admissionWith(refusal: NonNullable<AppendStore["refusal"]>): Admission {
  const clock = {
    now: () => Date.now(),
    sleep: (ms: number, stop?: AbortSignal) => systemClock.sleep(ms / 100, stop),
  };
  return new Admission({ refusal } as AppendStore, testContext({ clock }));
}

Deno.test("folders are asked for once, and events of one that is refused are named", async () => {
  const asked: string[] = [];
  const admission = admissionWith((folder) => {
    asked.push(folder);
    return Promise.resolve(folder === "bad" ? new Error("No right") : "none");
  });
  const check = async (kinds: readonly string[]) => await admission.check(partsOf(kinds));
  for (const kinds of [["good", "bad", "good", "bad"], ["bad", "good", "bad", "bad"]]) {
    const bad = kinds.flatMap((kind, index) => kind === "bad" ? index : []);
    await assert.rejects(check(kinds), (cause) => {
      assert.ok(cause instanceof PoisonError);
      assert.deepEqual(cause.indexes, bad);
      return true;
    });
  }
  assert.equal((await check(["good", "good"])).length, 1);
  assert.deepEqual(asked, ["good", "bad"]);
});

Deno.test("folders are let pass when the target does not answer in time", async () => {
  const admission = admissionWith(() => new Promise(() => {}));
  const parts = partsOf(["away", "far"]);
  assert.equal(await admission.check(parts), parts);
});

Deno.test("folders are asked for again when the first question had no answer", async () => {
  const answers = ["unknown", new Error("No right")] as const;
  let asked = 0;
  const admission = admissionWith(() => Promise.resolve(answers[asked++]!));
  const parts = partsOf(["kind"]);
  assert.equal(await admission.check(parts), parts);
  await assert.rejects(async () => await admission.check(parts), PoisonError);
});
