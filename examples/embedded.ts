import { defineSource, type Emit, EventBatch } from "sluice/plugin";

let open = Promise.withResolvers<Emit>();

/**
 * Puts events into the pipeline that runs in this program; resolves when the program may forget them, rejects when a
 * channel refuses. Waits while no pipeline runs.
 */
export async function putAll(events: Parameters<typeof EventBatch.from>[0]): Promise<void> {
  const emit = await open.promise;
  await emit(EventBatch.from(events));
}

export default defineSource({
  name: "embedded",
  summary: "Takes events from the program that the pipeline runs in, as Flume's embedded agent does.",
  about: "One pipeline of a program can have this source. `putAll` is the program's end of it.",
  config: {},
  examples: [{
    title: "Events of a program to the log",
    yaml: `source: { type: ./embedded.ts }
sink: { type: logger }`,
  }],
  create: (_config, { signal }) => ({
    answers: true,
    async run(emit) {
      open.resolve(emit);
      const stopped = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      if (!signal.aborted) await stopped;
      open = Promise.withResolvers();
    },
  }),
});
