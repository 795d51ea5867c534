import { type Encoder, errorText, type EventBatch, PoisonError } from "sluice/plugin";
import { type AvroHead, encodeAvroHead } from "../../../protocols/avro_container.ts";
import type { AvroSchema } from "../../../protocols/avro_schema.ts";
import { ByteWriter } from "../../../protocols/byte_writer.ts";
import { type ContainerSettings, encodeBlocks, newHead } from "./block_writer.ts";
import type { Schemas } from "./schemas.ts";

const LITERAL_HEADER = "flume.avro.schema.literal";
const URL_HEADER = "flume.avro.schema.url";

/** How bodies that are datums already are written. */
export interface DatumEncoderSettings extends ContainerSettings {
  readonly schemas: Schemas;
  /** For events without a header that tells theirs. */
  readonly schemaUrl: string | undefined;
}

interface Container {
  readonly schema: AvroSchema;
  readonly head: AvroHead;
}

/** Writes one container of the datums in bodies; the first event says its schema. */
export function datumEncoder(settings: DatumEncoderSettings): Encoder {
  const writer = new ByteWriter();
  let container: Container | undefined;

  async function encode(batch: EventBatch): Promise<readonly Uint8Array[]> {
    const schema = await fileSchema(batch, container?.schema, settings);
    checkDatums(batch, schema);
    const head = container?.head ?? newHead(schema.text, settings);
    const { block, starts, ends } = batch;
    const write = (index: number) => writer.copy(block, starts[index]!, ends[index]!);
    const blocks = await encodeBlocks(batch, head, { settings, writer, write });
    if (container) return blocks;
    container = { schema, head };
    return [encodeAvroHead(head), ...blocks];
  }
  return {
    extension: "avro",
    contentType: "application/vnd.apache.avro+binary",
    encode: async (batch) => batch.size === 0 ? [] : await encode(batch),
  };
}

/** The one schema of all events; those that have none, or another than the file, are poison. */
async function fileSchema(
  batch: EventBatch,
  fixed: AvroSchema | undefined,
  settings: DatumEncoderSettings,
): Promise<AvroSchema> {
  const isUniform = [LITERAL_HEADER, URL_HEADER].every((name) => typeof batch.headers.get(name) !== "object");
  const complaints = new Map<number, string>();
  let file = fixed;
  for (let index = 0; index < (isUniform ? 1 : batch.size); index++) {
    const schema = await eventSchema(batch, index, settings).catch(asText);
    if (typeof schema === "string") complaints.set(index, schema);
    else if (!isSame(file ??= schema, schema)) {
      complaints.set(index, "Its Avro schema is not that of the file");
    }
  }
  if (complaints.size === 0) return file!;
  const indexes = isUniform
    ? Array.from({ length: batch.size }, (_, index) => index)
    : [...complaints.keys()];
  throw new PoisonError(complaints.values().next().value!, indexes);
}

async function eventSchema(
  batch: EventBatch,
  index: number,
  { schemas, schemaUrl }: DatumEncoderSettings,
): Promise<AvroSchema> {
  const literal = batch.header(index, LITERAL_HEADER);
  const schema = await schemas.find({ literal, url: batch.header(index, URL_HEADER) ?? schemaUrl });
  if (schema) return schema;
  throw new SyntaxError(`The event has no Avro schema: neither header ${LITERAL_HEADER} nor ${URL_HEADER}`);
}

/** What is wrong with the schema itself stays wrong; anything else may pass. */
function asText(cause: unknown): string {
  if (cause instanceof SyntaxError) return errorText(cause);
  throw cause;
}

function isSame(one: AvroSchema, other: AvroSchema): boolean {
  return one === other || one.fingerprint() === other.fingerprint();
}

/** A body that is no datum would make its whole block unreadable. */
function checkDatums(batch: EventBatch, schema: AvroSchema): void {
  const bad: number[] = [];
  for (let index = 0; index < batch.size; index++) if (!isDatum(batch.body(index), schema)) bad.push(index);
  if (bad.length > 0) throw new PoisonError("The body is not one Avro datum of the file's schema", bad);
}

function isDatum(body: Uint8Array, schema: AvroSchema): boolean {
  try {
    return schema.skip(body, 0) === body.length;
  } catch (cause) {
    if (cause instanceof SyntaxError) return false;
    throw cause;
  }
}
