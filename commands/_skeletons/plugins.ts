import type { PluginKind } from "../../core/mod.ts";

/** The text of a new plugin that works at once, by kind. */
export const PLUGIN_SKELETONS: Readonly<Record<PluginKind, (name: string) => string>> = {
  source: (name) =>
    `import { defineSource, duration, EventBatch, text } from "sluice/plugin";

export default defineSource({
  name: "${name}",
  summary: "Emits the same line again and again.",
  config: {
    line: text().default("Good morning").describe("Body of each event."),
    interval: duration("ms").default(1000).describe("Wait between two events."),
  },
  examples: [{
    title: "A line a second on standard output",
    yaml: \`source: { type: ./${name}.ts, line: Good evening }
sink: { type: stdout }\`,
  }],
  create: ({ line, interval }, { signal, clock }) => ({
    async run(emit) {
      while (!signal.aborted) {
        await emit(EventBatch.from([{ body: line }]));
        await clock.sleep(interval, signal);
      }
    },
  }),
});
`,
  interceptor: (name) =>
    `import { defineInterceptor, text } from "sluice/plugin";

export default defineInterceptor({
  name: "${name}",
  summary: "Sets one header of each event.",
  config: {
    header: text().default("seenBy").describe("Name of the header."),
    value: text().default("${name}").describe("What it is set to."),
  },
  examples: [{
    title: "Mark what comes from standard input",
    yaml: \`source: { type: stdin }
interceptors: [{ type: ./${name}.ts, value: here }]
sink: { type: logger }\`,
  }],
  create: ({ header, value }) => ({ intercept: (batch) => batch.withHeader(header, value) }),
});
`,
  selector: (name) =>
    `import { defineSelector } from "sluice/plugin";

export default defineSelector({
  name: "${name}",
  summary: "Gives each batch to the next channel in turn.",
  config: {},
  examples: [],
  create(_config, _context, channels) {
    let turn = 0;
    return { select: (batch) => [{ channel: channels[turn++ % channels.length]!, batch, required: true }] };
  },
});
`,
  channel: (name) =>
    `import { ChannelFullError, defineChannel, int, TakeQueue } from "sluice/plugin";

export default defineChannel({
  name: "${name}",
  summary: "A queue in memory that refuses what it has no room for.",
  config: {
    capacity: int({ min: 1 }, { unit: "events" }).default(1000).describe("Events it holds at most."),
  },
  examples: [{
    title: "A small buffer",
    yaml: \`source: { type: stdin }
channel: { type: ./${name}.ts, capacity: 500 }
sink: { type: stdout }\`,
  }],
  create({ capacity }, { name }) {
    const queue = new TakeQueue();
    return {
      capacity,
      maxPutEvents: capacity,
      get size() {
        return queue.size;
      },
      put(batch) {
        if (queue.size + batch.size <= capacity) return queue.push({ batch: batch.detach() });
        const text = \`Channel "\${name}" holds \${queue.size} of \${capacity} events\`;
        return Promise.reject(new ChannelFullError(text));
      },
      take: (options) => queue.take(options),
      close: () => Promise.resolve(),
    };
  },
});
`,
  sink_processor: (name) =>
    `import { defineSinkProcessor } from "sluice/plugin";

export default defineSinkProcessor({
  name: "${name}",
  summary: "Writes to the first sink that takes the batch.",
  config: {},
  examples: [],
  create: (_config, _context, sinks) => ({
    async write(batch, signal) {
      const causes: unknown[] = [];
      for (const sink of sinks) {
        try {
          return await sink.write(batch, signal);
        } catch (cause) {
          causes.push(cause);
        }
      }
      throw new AggregateError(causes, "No sink took the batch");
    },
    async close() {
      await Promise.all(sinks.map((sink) => sink.close?.()));
    },
  }),
});
`,
  sink: (name) =>
    `import { defineSink, path } from "sluice/plugin";

export default defineSink({
  name: "${name}",
  summary: "Appends the bodies of events to a file, a line each.",
  config: {
    file: path({ access: "write" }).describe("File to append to."),
  },
  examples: [{
    title: "Keep what comes from standard input",
    yaml: \`source: { type: stdin }
sink: { type: ./${name}.ts, file: kept.log }\`,
  }],
  create: ({ file }) => ({
    async write(batch) {
      const lines = Array.from({ length: batch.size }, (_, index) => \`\${batch.text(index)}\\n\`);
      await Deno.writeTextFile(file, lines.join(""), { append: true });
    },
  }),
});
`,
  codec: (name) =>
    `import { defineCodec, text } from "sluice/plugin";

export default defineCodec({
  name: "${name}",
  summary: "Writes a line for each event, with a text in front.",
  config: {
    prefix: text().default("> ").describe("What stands in front of each body."),
  },
  examples: [{
    title: "Quote standard input",
    yaml: \`source: { type: stdin }
sink: { type: stdout, serializer: ./${name}.ts }\`,
  }],
  create: ({ prefix }) => ({
    encoder: () => ({
      extension: "txt",
      encode(batch) {
        const lines = Array.from({ length: batch.size }, (_, index) => \`\${prefix}\${batch.text(index)}\\n\`);
        return [new TextEncoder().encode(lines.join(""))];
      },
    }),
  }),
});
`,
  reporter: (name) =>
    `import { defineReporter } from "sluice/plugin";

export default defineReporter({
  name: "${name}",
  summary: "Writes all counters to the log.",
  config: {},
  examples: [],
  create: (_config, { log }) => ({
    report(snapshot) {
      for (const [component, counters] of Object.entries(snapshot)) log.info(component, { ...counters });
      return Promise.resolve();
    },
  }),
});
`,
};
