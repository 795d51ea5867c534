import {
  type Codec,
  type CodecChoice,
  type Context,
  Counters,
  createCodec,
  type Emit,
  errorText,
  type EventBatch,
  systemClock,
} from "sluice/plugin";

/** One line that a component logged. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly text: string;
  readonly properties: Record<string, unknown> | undefined;
}

/** A context as core lends it, with the log kept for the test to read. */
export function testContext(change: Partial<Context> = {}): Context & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const write = (level: LogLine["level"]) => (text: string, properties?: Record<string, unknown>) =>
    void lines.push({ level, text, properties });
  let isHeld = false;
  const context: Context & { readonly lines: LogLine[] } = {
    name: "test",
    signal: new AbortController().signal,
    log: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") },
    clock: systemClock,
    counters: new Counters(),
    stateDir: "/nonexistent/state",
    hold: (cause) => {
      isHeld = true;
      write("warn")(`Trying again: ${errorText(cause)}`);
    },
    recover: () => {
      if (isHeld) write("info")("Recovered");
      isHeld = false;
    },
    codec: (choice: CodecChoice): Promise<Codec> => createCodec(choice, context),
    ...change,
    lines,
  };
  return context;
}

/** An `emit` that keeps a copy of each batch and accepts it at once. */
export function collectingEmit(): Emit & { readonly batches: EventBatch[]; bodies(): string[] } {
  const batches: EventBatch[] = [];
  const emit = (batch: EventBatch) => {
    batches.push(batch.detach());
    return Promise.resolve();
  };
  return Object.assign(emit, {
    ready: Promise.resolve(),
    batches,
    bodies: () =>
      batches.flatMap((batch) => Array.from({ length: batch.size }, (_, index) => batch.text(index))),
  });
}
