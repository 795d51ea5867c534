import { resolve } from "node:path";
import { type AnyPlugin, type Codec, type Context, type Counters, type Sink, z } from "sluice/plugin";
import avroEvent from "../../../plugins/codecs/avro_event.ts";
import avroRecord from "../../../plugins/codecs/avro_record.ts";
import text from "../../../plugins/codecs/text.ts";
import fileRoll from "../../../plugins/sinks/file_roll.ts";
import { testContext } from "../../support/context.ts";

/** Text, but one must wait for it. */
const LATE_TEXT: AnyPlugin = {
  ...text,
  create(config, context) {
    const codec = text.create(config, context) as Codec;
    return {
      encoder: () => {
        const encoder = codec.encoder!();
        return {
          ...encoder,
          async encode(batch) {
            await new Promise((resolve) => setTimeout(resolve, 0));
            return await encoder.encode(batch);
          },
        };
      },
    } satisfies Codec;
  },
};
const CODECS: Readonly<Record<string, AnyPlugin>> = {
  avro_event: avroEvent,
  avro_record: avroRecord,
  late_text: LATE_TEXT,
  text,
};
const SHORT_NAMES: Readonly<Record<string, string>> = {
  prefix: "sink.pathManager.prefix",
  extension: "sink.pathManager.extension",
};

/** Makes the sink with some settings, by their short names or Flume's; its state goes beside its directory. */
export async function makeFileRoll(
  settings: Record<string, unknown>,
  change: Partial<Context> = {},
): Promise<Sink & { readonly context: Context & { readonly counters: Counters } }> {
  const long = Object.entries(settings).map(([key, value]) =>
    [SHORT_NAMES[key] ?? (key.startsWith("sink.") ? key : `sink.${key}`), value] as const
  );
  const given: Record<string, unknown> = Object.fromEntries(long);
  const plugin = CODECS[String(given["sink.serializer"] ?? "text")]!;
  given["sink.serializer"] = {
    plugin,
    config: z.object(plugin.config as Record<string, z.ZodType>).parse({}),
  };
  const config = z.strictObject(fileRoll.config).parse(given);
  const stateDir = resolve(String(given["sink.directory"]), "../state");
  const context = testContext({ stateDir, ...change });
  const sink = await fileRoll.create(config as Parameters<typeof fileRoll.create>[0], context);
  return Object.assign(sink, { context });
}

/** Lends an empty folder; it and what is beside it is removed afterwards. */
export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const root = Deno.makeTempDirSync();
  Deno.mkdirSync(`${root}/out`);
  try {
    await use(`${root}/out`);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

/** Name → text of all files in a folder, by name. */
export function contents(folder: string): Record<string, string> {
  const names = [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) => name).sort();
  return Object.fromEntries(names.map((name) => [name, Deno.readTextFileSync(`${folder}/${name}`)]));
}

/** The part of the file interface that a disk can fail in. */
type FileCalls = Pick<Deno.FsFile, "writeSync" | "syncData" | "truncateSync">;

/** Puts other calls in the place of Deno's own, until the result is disposed of. */
export function replaceFileCalls(calls: (real: FileCalls) => Partial<FileCalls>): Disposable {
  const { prototype } = Deno.FsFile;
  const { writeSync, syncData, truncateSync } = prototype;
  Object.assign(prototype, calls({ writeSync, syncData, truncateSync }));
  return { [Symbol.dispose]: () => void Object.assign(prototype, { writeSync, syncData, truncateSync }) };
}

/** Numbers in [0, 1) that follow from a seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
