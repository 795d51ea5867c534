import type { PluginKind } from "../../core/mod.ts";

/** Names that the test takes from "sluice/plugin" beside those of the context, and the body of the test. */
interface TestSkeleton {
  readonly imports: readonly string[];
  readonly subject: string;
  readonly body: string;
}

const SINKS = `const written: string[] = [];
  const broken = { name: "broken", write: () => Promise.reject(new Error("Down")) };
  const good = { name: "good", write: (batch: EventBatch) => void written.push(batch.text(0)) };`;

const SKELETONS: Readonly<Record<PluginKind, TestSkeleton>> = {
  source: {
    imports: ["EventBatch", "type Source"],
    subject: "emits its line until it is stopped",
    body: `const stop = new AbortController();
  const stoppable = { ...context, signal: stop.signal };
  const source = await plugin.create({ line: "Good evening", interval: 60_000 }, stoppable) as Source;
  const bodies: string[] = [];
  const emit = (batch: EventBatch) => {
    bodies.push(batch.text(0));
    stop.abort();
    return Promise.resolve();
  };
  await source.run(Object.assign(emit, { ready: Promise.resolve() }));
  assert.deepEqual(bodies, ["Good evening"]);`,
  },
  interceptor: {
    imports: ["EventBatch", "type Interceptor"],
    subject: "sets its header",
    body:
      `const interceptor = await plugin.create({ header: "seenBy", value: "here" }, context) as Interceptor;
  const safe = { settled: Promise.resolve(), waitFor: () => {} };
  const batch = await interceptor.intercept(EventBatch.from([{ body: "GET /index.html" }]), safe);
  assert.equal(batch.header(0, "seenBy"), "here");
  assert.equal(batch.text(0), "GET /index.html");`,
  },
  selector: {
    imports: ["EventBatch", "type Selector"],
    subject: "takes the channels in turn",
    body: `const selector = await plugin.create({}, context, ["one", "two"]) as Selector;
  const batch = EventBatch.from([{ body: "GET /index.html" }]);
  const chosen = [1, 2, 3].map(() => selector.select(batch)[0]!.channel);
  assert.deepEqual(chosen, ["one", "two", "one"]);`,
  },
  channel: {
    imports: ["type Channel", "ChannelFullError", "EventBatch"],
    subject: "gives what was put, and refuses what is too much",
    body: `const channel = await plugin.create({ capacity: 1 }, context) as Channel;
  await channel.put(EventBatch.from([{ body: "GET /index.html" }]));
  await assert.rejects(async () => await channel.put(EventBatch.from([{ body: "GET /" }])), ChannelFullError);
  const take = await channel.take({ maxEvents: 10, signal: context.signal });
  assert.equal(take.batch.text(0), "GET /index.html");
  await take.commit();
  assert.equal(channel.size, 0);`,
  },
  sink_processor: {
    imports: ["EventBatch", "type Sink"],
    subject: "passes a broken sink over",
    body: `${SINKS}
  const processor = await plugin.create({}, context, [broken, good]) as Sink;
  await processor.write(EventBatch.from([{ body: "GET /index.html" }]), context.signal);
  assert.deepEqual(written, ["GET /index.html"]);`,
  },
  sink: {
    imports: ["EventBatch", "type Sink"],
    subject: "appends a line for each event",
    body: `const file = await Deno.makeTempFile();
  const sink = await plugin.create({ file }, context) as Sink;
  await sink.write(EventBatch.from([{ body: "GET /index.html" }, { body: "GET /" }]), context.signal);
  assert.equal(await Deno.readTextFile(file), "GET /index.html\\nGET /\\n");
  await Deno.remove(file);`,
  },
  codec: {
    imports: ["type Codec", "EventBatch"],
    subject: "puts its text in front of each body",
    body: `const codec = await plugin.create({ prefix: "> " }, context) as Codec;
  const slices = await codec.encoder!().encode(EventBatch.from([{ body: "GET /index.html" }]));
  assert.equal(new TextDecoder().decode(slices[0]), "> GET /index.html\\n");`,
  },
  reporter: {
    imports: ["type Reporter"],
    subject: "writes the counters of each component",
    body: `const lines: string[] = [];
  const log = { ...context.log, info: (text: string) => void lines.push(text) };
  const reporter = await plugin.create({}, { ...context, log }) as Reporter;
  await reporter.report?.({ "SOURCE.in": { EventReceivedCount: 1 } });
  assert.deepEqual(lines, ["SOURCE.in"]);`,
  },
};

/** The text of a test for a new plugin that passes at once. */
export function testSkeleton(kind: PluginKind, name: string): string {
  const { imports, subject, body } = SKELETONS[kind];
  const names = ["loneContext", ...imports].sort((one, other) =>
    plainName(one).localeCompare(plainName(other))
  );
  return `import assert from "node:assert/strict";
${importOf(names)}
import plugin from "./${name}.ts";

const context = loneContext("test");

Deno.test("${name} ${subject}", async () => {
  ${body}
});
`;
}

/** As the formatter writes it: on one line where it fits. */
function importOf(names: readonly string[]): string {
  const line = `import { ${names.join(", ")} } from "sluice/plugin";`;
  return line.length <= 110
    ? line
    : `import {\n${names.map((name) => `  ${name},\n`).join("")}} from "sluice/plugin";`;
}

function plainName(name: string): string {
  return name.replace(/^type /, "");
}
