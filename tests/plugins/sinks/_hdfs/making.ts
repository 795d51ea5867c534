import {
  type AnyPlugin,
  type Context,
  type Counters,
  EventBatch,
  type Position,
  type Sink,
  z,
} from "sluice/plugin";
import avroEvent from "../../../../plugins/codecs/avro_event.ts";
import headerAndText from "../../../../plugins/codecs/header_and_text.ts";
import text from "../../../../plugins/codecs/text.ts";
import hdfs from "../../../../plugins/sinks/hdfs.ts";
import { type LogLine, testContext } from "../../../support/context.ts";

const CODECS: Readonly<Record<string, AnyPlugin>> = {
  avro_event: avroEvent,
  header_and_text: headerAndText,
  text,
};
/** Files that only end with the sink, unless a test says otherwise. */
const DEFAULTS = {
  "hdfs.rollInterval": 0,
  "hdfs.rollSize": 0,
  "hdfs.rollCount": 0,
  "hdfs.fileType": "DataStream",
};

/** A sink under test with its context. */
export type MadeHdfs = Sink & {
  readonly context: Context & { readonly counters: Counters; readonly lines: LogLine[] };
};

/** Makes the sink; keys without a dot are those behind `hdfs.`, where there is such a one. */
export async function makeHdfs(
  settings: Readonly<Record<string, unknown>>,
  change: Partial<Context> & { readonly stateDir: string },
): Promise<MadeHdfs> {
  const given: Record<string, unknown> = { ...DEFAULTS };
  for (const [key, value] of Object.entries(settings)) {
    given[`hdfs.${key}` in hdfs.config ? `hdfs.${key}` : key] = value;
  }
  const plugin = CODECS[String(given.serializer ?? "text")]!;
  given.serializer = { plugin, config: z.object(plugin.config as Record<string, z.ZodType>).parse({}) };
  const config = z.strictObject(hdfs.config).parse(given);
  const context = testContext(change);
  const sink = await hdfs.create(config as Parameters<typeof hdfs.create>[0], context);
  return Object.assign(sink, { context }) as MadeHdfs;
}

/** Writes one event and waits until it is delivered. */
export async function deliver(
  sink: Sink,
  body: string,
  { position, headers = {} }: { position?: Position; headers?: Record<string, string> } = {},
): Promise<void> {
  const batch = EventBatch.from([{ body, headers }]).with({ position });
  const answer = await sink.write(batch, new AbortController().signal);
  await answer?.delivered;
}

/** Lends two empty folders, `out` and `state`. */
export async function withFolders(
  use: (folders: { out: string; state: string }) => Promise<void>,
): Promise<void> {
  const root = Deno.makeTempDirSync();
  Deno.mkdirSync(`${root}/out`);
  try {
    await use({ out: `${root}/out`, state: `${root}/state` });
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

/** Path → text of all files below a folder. */
export function filesBelow(folder: string, start = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) Object.assign(found, filesBelow(`${folder}/${name}`, `${start}${name}/`));
    else found[start + name] = Deno.readTextFileSync(`${folder}/${name}`);
  }
  return Object.fromEntries(Object.entries(found).sort(([one], [other]) => one < other ? -1 : 1));
}
