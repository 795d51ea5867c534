import assert from "node:assert/strict";
import { sharedServerTest } from "../../servers/mod.ts";
import { CLIENT_CASES, CLIENT_EXCEPTIONS, CLIENTS } from "./client_contract.ts";
import { ClientBench } from "./contract/bench.ts";

const kafkaTest = sharedServerTest("kafka", { KAFKA_SETTINGS: "auto.create.topics.enable=false" });

for (const subject of CLIENTS) {
  const exceptions = CLIENT_EXCEPTIONS[subject.name] ?? {};
  for (const { name, run } of CLIENT_CASES.filter(({ name }) => !Object.hasOwn(exceptions, name))) {
    kafkaTest(`kafka client ${subject.name} ${name}`, async ({ env }) => {
      const bench = new ClientBench(env, subject);
      try {
        await run(bench);
      } finally {
        await bench.end();
      }
    });
  }
}

Deno.test("kafka client contract names exceptions for cases that exist", () => {
  const names = new Set(CLIENT_CASES.map(({ name }) => name));
  for (const cases of Object.values(CLIENT_EXCEPTIONS)) {
    for (const name of Object.keys(cases)) assert.ok(names.has(name), name);
  }
});
