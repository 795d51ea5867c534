import { choice, codec, type Context, defineSink, DeliveryError } from "sluice/plugin";

/** What a shell reports of a program that SIGPIPE ended. */
const CLOSED_EXIT_CODE = 141;

/** Writes all bytes, or throws. */
async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let from = 0; from < bytes.length;) {
    try {
      from += Deno.stdout.writeSync(bytes.subarray(from));
    } catch (cause) {
      if (!(cause instanceof Deno.errors.WouldBlock)) throw cause;
      from += await Deno.stdout.write(bytes.subarray(from));
    }
  }
}

/** Nobody reads any more: ends the program, or says once that events are discarded. */
function endOutput(policy: "exit" | "discard", log: Context["log"]): void {
  if (policy === "discard") return log.warn("Nobody reads standard output any more: events are discarded");
  log.info("Nobody reads standard output any more: stopping");
  Deno.exit(CLOSED_EXIT_CODE);
}

export default defineSink({
  name: "stdout",
  summary: "Writes events to standard output.",
  about:
    "Makes a pipeline a Unix filter: `cat access.log | sluice run filter.yaml | head`. Each batch is written whole before the " +
    "next is taken. When the reader goes away the program ends with exit code 141, as other filters do; with " +
    "`whenClosed: discard` it goes on, and the events count as delivered.",
  config: {
    codec: codec("encoder", { fallback: "text", alias: ["serializer"] }).describe("How events are written."),
    whenClosed: choice(["exit", "discard"]).default("exit")
      .describe("What to do when nobody reads standard output any more."),
  },
  examples: [{
    title: "A filter that keeps server errors",
    yaml: `source: { type: stdin }
interceptors: [{ type: regex_filter, regex: '" 5\\d\\d ' }]
sink: { type: stdout }`,
  }],
  async create(settings, context) {
    const encoder = (await context.codec(settings.codec)).encoder!();
    let isBegun = false;
    let isClosed = false;
    async function output(slices: readonly Uint8Array[]): Promise<void> {
      try {
        for (const slice of slices) await writeAll(slice);
      } catch (cause) {
        if (!(cause instanceof Deno.errors.BrokenPipe)) {
          throw new DeliveryError("Cannot write to standard output", { cause });
        }
        isClosed = true;
        endOutput(settings.whenClosed, context.log);
      }
    }
    return {
      async write(batch) {
        if (isClosed || batch.size === 0) return;
        if (!isBegun && encoder.begin) await output([encoder.begin()]);
        isBegun = true;
        await output(await encoder.encode(batch));
      },
      async close() {
        if (isBegun && !isClosed && encoder.end) await output([encoder.end()]);
      },
    };
  },
});
