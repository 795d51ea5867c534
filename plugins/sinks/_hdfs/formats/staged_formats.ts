import type { Context } from "sluice/plugin";
import { parseRowSchema } from "../../../../protocols/avro_rows/row_schema.ts";
import type { FileFormat } from "./format.ts";
import type { FormatSettings } from "./format_fields.ts";
import { makeFormat } from "./make_format.ts";
import type { Transform } from "./transform.ts";
import { TransformPool } from "./transform_pool.ts";

/** What says how staged bytes become those of a file. */
const KEYS = [
  "hdfs.fileType",
  "hdfs.writeFormat",
  "hdfs.codeC",
  "hdfs.codecLevel",
  "hdfs.compressBy",
  "rowsFrom",
  "rowGroupSize",
  "rowGroupRows",
] as const;

/** Beside what the files are like, how many are sent at once. */
type StagedSettings = FormatSettings & { readonly "hdfs.threadsPoolSize": number };

/** Knows how to finish what is staged, also what an earlier life staged with other settings. */
export class StagedFormats {
  /** What the head of a staged file says of its format; empty where its bytes are those of the file. */
  readonly text: string;
  readonly #settings: FormatSettings;
  readonly #context: Context;
  readonly #known = new Map<string, Promise<FileFormat>>();
  readonly #pool: TransformPool;

  constructor(settings: StagedSettings, format: FileFormat, context: Context) {
    this.#settings = settings;
    this.#pool = new TransformPool({ slots: settings["hdfs.threadsPoolSize"], log: context.log });
    this.#context = context;
    const own = KEYS.map((key) => [key, settings[key]]);
    const { schema } = format;
    this.text = format.transform ? JSON.stringify({ ...Object.fromEntries(own), schema }) : "";
    this.#known.set(this.text, Promise.resolve(format));
  }

  /** What makes a file of staged bytes; nothing where they are the file. */
  async transformOf(text: string): Promise<Transform | undefined> {
    if (text === "") return undefined;
    let format = this.#known.get(text);
    if (!format) this.#known.set(text, format = this.#make(text));
    const { transform } = await format;
    return transform && await this.#pool.transformOf(transform);
  }

  /** Ends what makes files. */
  close(): void {
    this.#pool.close();
  }

  async #make(text: string): Promise<FileFormat> {
    const { schema, ...written } = JSON.parse(text);
    const settings: FormatSettings = {
      ...this.#settings,
      "hdfs.codecLevel": undefined,
      ...written,
      schema: schema === undefined ? undefined : parseRowSchema(schema),
      schemaFile: undefined,
    };
    return await makeFormat(settings, false, this.#context);
  }
}
