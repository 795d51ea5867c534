import { codec, type CodecChoice, defineSource } from "sluice/plugin";
import { feed } from "./_files/feed.ts";
import { Outbox, settledOrAborted } from "./_files/outbox.ts";

export default defineSource({
  name: "stdin",
  summary: "Reads events from standard input until its end; then the pipeline finishes.",
  about:
    "Each line is an event and leaves as soon as it is read. A pipe cannot be read twice, so what was read and is not " +
    "yet stored is lost at a crash. A last line without a newline is an event too.",
  config: {
    decoder: codec("decoder", { fallback: "line", alias: ["deserializer"] })
      .describe("How bytes become events."),
  },
  examples: [{
    title: "A Unix filter",
    yaml: `source: { type: stdin }
interceptors: [{ type: regex_filter, regex: ERROR }]
sink: { type: stdout }`,
  }],
  async create({ decoder: choice }: { readonly decoder: CodecChoice }, context) {
    const codecOfInput = await context.codec(choice);
    if (!codecOfInput.decoder) {
      throw new TypeError(`Codec "${choice.plugin.name}" cannot decode: choose another decoder`);
    }
    const decoder = codecOfInput.decoder();
    return {
      async run(emit) {
        const outbox = new Outbox(emit, context.signal);
        const read = async (into: Uint8Array) =>
          await settledOrAborted(Deno.stdin.read(into), outbox.signal) ?? null;
        await feed({ read, decoder, outbox, send: (batch) => void outbox.send(batch) });
        outbox.throwIfFailed();
      },
    };
  },
});
