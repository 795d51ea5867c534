import assert from "node:assert/strict";
import { EventBatch } from "sluice/plugin";
import logger from "../../../plugins/sinks/logger.ts";
import { testContext } from "../../support/context.ts";
import { golden } from "../codecs/make.ts";

async function logged(batch: EventBatch, maxBytesToLog = 16): Promise<string[]> {
  const context = testContext();
  await (await logger.create({ maxBytesToLog }, context)).write(batch, new AbortController().signal);
  assert.ok(context.lines.every(({ level }) => level === "info"));
  return context.lines.map(({ text }) => text);
}

Deno.test("logger writes the lines that Flume writes", async () => {
  const expected = new TextDecoder().decode(golden("logger/expected-logger-lines.txt")).trimEnd().split("\n");
  assert.deepEqual(
    await logged(EventBatch.from([{ body: "hello flume" }, { body: "hello" }, { body: "dfdsf" }])),
    expected,
  );
});

Deno.test("logger shows headers as a map, cuts long bodies, and shows what cannot be printed as dots", async () => {
  const [first, second] = await logged(EventBatch.from([
    { headers: { host: "web1", status: "200" }, body: "Grüße aus Köln, und noch mehr" },
    { headers: { host: "web2" }, body: "" },
  ]));
  const hex = "47 72 C3 BC C3 9F 65 20 61 75 73 20 4B C3 B6 6C";
  assert.equal(first, `Event: { headers:{host=web1, status=200} body: ${hex} Gr....e aus K..l }`);
  assert.equal(second, "Event: { headers:{host=web2} body: }");
});

Deno.test("logger goes on in rows with their offsets when more bytes are wanted", async () => {
  const [line] = await logged(EventBatch.from([{ body: "0123456789abcdefXYZ" }]), 100);
  assert.equal(
    line,
    "Event: { headers:{} body: 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 0123456789abcdef\n" +
      `00000010 58 59 5A ${" ".repeat(39)}XYZ }`,
  );
});
