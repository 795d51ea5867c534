import { bool, codec, defineSource, duration, errorText, int, text } from "sluice/plugin";
import type { CodecChoice, Context, Decoder } from "sluice/plugin";
import { charsetDecoder, knowsCharset } from "./_files/charset.ts";
import { feed } from "./_files/feed.ts";
import { Outbox } from "./_files/outbox.ts";
import { Gatherer } from "./_exec/gatherer.ts";
import { type Command, startCommand } from "./_exec/command.ts";

const config = {
  command: text({ run: true }).describe("Command line to run; without `shell` it is split at white space."),
  shell: text({ run: true }).optional()
    .describe("Shell that gets the command as its last argument, such as `/bin/sh -c`."),
  restart: bool().default(false).describe("Start the command again when it ends."),
  restartThrottle: duration("ms").default(10_000).describe("Pause before such a start."),
  logStdErr: bool().default(false).describe("Log the command's standard error instead of discarding it."),
  batchSize: int({ min: 1 }, { unit: "events" }).optional()
    .describe("Events in a batch at most; without it, as many as are at hand."),
  batchTimeout: duration("ms").optional()
    .describe("Gather up to batchSize events (20 without it) this long; without it, events leave at once."),
  charset: text().default("UTF-8").describe("Charset of the output."),
  decoder: codec("decoder", { fallback: "line" }).describe("How output becomes events."),
};

export default defineSource({
  name: "exec",
  aliases: ["org.apache.flume.source.ExecSource"],
  summary: "Runs a command; each line of its standard output is an event.",
  about:
    "The output of a command cannot be read twice: what was read and is not yet stored is lost at a crash, and lines " +
    "that a `tail -F` skips while it is not running are lost too. To follow files, use `taildir`. A full channel only " +
    "makes the command wait; in Flume it ends the source. Lines leave as they come, so Flume's batchSize of 20 and " +
    "batchTimeout of 3 s work only when written. When the command ends and `restart` is not set, the source is " +
    "finished. At a stop the command and its children get SIGTERM, and SIGKILL 5 s later.",
  config,
  check: ({ charset, command }) => [
    ...(knowsCharset(charset)
      ? []
      : [{ key: "charset", text: `Unknown charset "${charset}"`, fix: "write UTF-8" }]),
    ...(command.trim() === "" ? [{ key: "command", text: "The command is empty" }] : []),
  ],
  examples: [{
    title: "The kernel's log as it grows",
    yaml: `source: { type: exec, command: journalctl -kf -o cat, restart: true }
sink: { type: logger }`,
  }],
  create: (settings, context) => ({
    run: (emit) => runAgain(settings, context, new Outbox(emit, context.signal)),
  }),
});

type Settings = Parameters<typeof newDecoder>[0] & {
  readonly command: string;
  readonly shell?: string | undefined;
  readonly restart: boolean;
  readonly restartThrottle: number;
  readonly logStdErr: boolean;
  readonly batchSize?: number | undefined;
  readonly batchTimeout?: number | undefined;
};

async function runAgain(settings: Settings, context: Context, outbox: Outbox): Promise<void> {
  while (!outbox.signal.aborted) {
    try {
      await runOnce(settings, context, outbox);
    } catch (cause) {
      outbox.throwIfFailed();
      if (!settings.restart) throw cause;
      context.counters.add("EventReadFail");
      context.log.error(
        `Command failed, starting again in ${settings.restartThrottle} ms: ${errorText(cause)}`,
      );
    }
    outbox.throwIfFailed();
    if (!settings.restart) return;
    await context.clock.sleep(settings.restartThrottle, outbox.signal);
  }
}

async function runOnce(settings: Settings, context: Context, outbox: Outbox): Promise<void> {
  const { batchSize, batchTimeout } = settings;
  const decoder = await newDecoder(settings, context);
  const command = startCommand(settings, context, outbox.signal);
  const gatherer = new Gatherer({ batchSize, batchTimeout, send: (batch) => void outbox.send(batch) });
  try {
    await feed({ read: command.read, decoder, outbox, send: (batch) => gatherer.add(batch) });
  } finally {
    gatherer.flush();
    await report(command, context, outbox.signal);
  }
}

async function newDecoder(
  { decoder: choice, charset }: { readonly decoder: CodecChoice; readonly charset: string },
  context: Context,
): Promise<Decoder> {
  const { decoder } = await context.codec(choice);
  if (!decoder) throw new TypeError(`Codec "${choice.plugin.name}" cannot decode: choose another decoder`);
  const { encoding } = new TextDecoder(charset);
  return encoding === "utf-8" ? decoder() : charsetDecoder(decoder(), encoding, "REPLACE");
}

/** Waits for the command's end; it is asked to end first when its output is no longer wanted. */
async function report(command: Command, { log }: Context, signal: AbortSignal): Promise<void> {
  const status = await command.end();
  if (signal.aborted) return;
  const properties = { code: status.code, ...(status.signal ? { signal: status.signal } : {}) };
  if (status.success) log.info("Command ended", properties);
  else log.warn("Command ended with an error", properties);
}
