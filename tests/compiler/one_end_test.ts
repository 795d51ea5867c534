import assert from "node:assert/strict";
import { denoSurroundings } from "../../commands/_surroundings.ts";
import { compile } from "../../compiler/compile.ts";

const KAFKA = 'type: kafka, kafka.bootstrap.servers: "localhost:9092"';

async function complaints(text: string, file = "one_end.yaml"): Promise<string[]> {
  const { diagnostics } = await compile(text, `/pipelines/${file}`, denoSurroundings(undefined, "/state"));
  return diagnostics.map(({ severity, code }) => `${severity} ${code}`);
}

Deno.test("pipeline with one end of a channel that other agents share has nothing missing", async () => {
  assert.deepEqual(await complaints(`channel: { ${KAFKA} }\nsink: logger\n`), []);
  assert.deepEqual(await complaints(`source: stdin\nchannel: { ${KAFKA} }\n`), []);
  const both = `sources: { in: { type: stdin, channels: [out] } }
channels:
  out: { ${KAFKA}, kafka.topic: out }
  back: { ${KAFKA}, kafka.topic: back }
sinks: { log: { type: logger, channel: back } }
`;
  assert.deepEqual(await complaints(both), []);
});

Deno.test("pipeline with one end of a channel of its own lacks the other, and one with neither lacks both", async () => {
  assert.deepEqual(await complaints("channel: memory\nsink: logger\n"), ["error no-source"]);
  assert.deepEqual(await complaints(`channel: { ${KAFKA} }\n`), ["error no-sink", "error no-source"]);
  const mixed = `sources: { in: { type: stdin, channels: a b } }\nchannels: { a: memory, b: { ${KAFKA} } }\n`;
  assert.ok((await complaints(mixed)).includes("warning unread-channel"));
  const unused = `source: stdin\nsink: logger\nchannels: { a: memory, b: { ${KAFKA} } }\n`;
  assert.ok((await complaints(unused)).includes("warning unused-channel"));
});

Deno.test("Flume agent with one end of a kafka channel has nothing missing", async () => {
  const conf = `a.channels = c
a.channels.c.type = org.apache.flume.channel.kafka.KafkaChannel
a.channels.c.kafka.bootstrap.servers = localhost:9092
a.sinks = k
a.sinks.k.type = logger
a.sinks.k.channel = c
`;
  assert.deepEqual(await complaints(conf, "agent.conf"), []);
});
