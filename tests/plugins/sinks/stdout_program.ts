// Run by stdout_test.ts: writes the access log many times through the sink.
import { EventBatch, splitLines } from "sluice/plugin";
import text from "../../../plugins/codecs/text.ts";
import stdout from "../../../plugins/sinks/stdout.ts";
import { testContext } from "../../support/context.ts";
import { sampleBytes } from "../../support/samples.ts";

const [times, whenClosed] = Deno.args as [string, "exit" | "discard"];
const toStderr = (line: string) => console.error(line);
const log = { debug: toStderr, info: toStderr, warn: toStderr, error: toStderr };
const codec = { plugin: text, config: { appendNewline: true } };
const sink = await stdout.create({ codec, whenClosed }, testContext({ log }));
const block = sampleBytes("access.log");
const batch = new EventBatch({ block, ...splitLines(block) });
for (let n = 0; n < Number(times); n++) await sink.write(batch, new AbortController().signal);
await sink.close?.();
