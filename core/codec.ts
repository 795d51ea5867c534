import type { Context } from "./context.ts";
import type { EventBatch } from "./event_batch.ts";
import type { AnyPlugin } from "./plugin.ts";

/** Events → bytes of one output (a file, an HTTP body). Made anew for each output. */
export interface Encoder {
  /** File name extension without the dot that people expect, such as `avro`. */
  readonly extension?: string;
  /** MIME type of the output. */
  readonly contentType?: string;
  /** What stands in front of the first event, such as the head of an Avro container. */
  begin?(): Uint8Array;
  /**
   * The bytes of a batch, as slices to be written one behind another. They may point into the batch's own block, so
   * they are valid as long as the batch is.
   */
  encode(batch: EventBatch): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** What stands behind the last event. */
  end?(): Uint8Array;
}

/** What one call of `decode` found. */
export interface Decoded {
  /** The whole events at the start of the bytes; their block is the one that was passed in, or one of their own. */
  readonly batch: EventBatch;
  /** How many bytes they took; the caller keeps the rest and passes it again with more behind it. */
  readonly consumedBytes: number;
}

/** Bytes of one input → events. Made anew for each input. */
export interface Decoder {
  /**
   * Decodes as many whole events as `bytes` hold. `last`: nothing follows, so an unfinished event is taken as it is.
   * @throws {SyntaxError} with the reason and byte offset, when the bytes cannot be events.
   */
  decode(bytes: Uint8Array, last: boolean): Decoded | Promise<Decoded>;
  /** The most bytes that one event may need at hand; the caller's block grows up to it. */
  readonly maxEventBytes: number;
  /** True when an input must be read from its start even to go on in the middle (an Avro head). */
  readonly needsStart?: boolean;
}

/** Flume's serializers, deserializers and HTTP handlers: a format in one or both directions. */
export interface Codec {
  encoder?(): Encoder;
  /** `headers` describe the input: `content-type`, `charset`, query parameters, a file's path. */
  decoder?(about?: Readonly<Record<string, string>>): Decoder;
}

/** A codec with its checked settings, as a field of type `codec()` gives it. */
export interface CodecChoice {
  readonly plugin: AnyPlugin;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Creates the codec of a choice. */
export async function createCodec({ plugin, config }: CodecChoice, context: Context): Promise<Codec> {
  return await plugin.create(config as never, context) as Codec;
}
