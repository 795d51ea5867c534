import type { Codec } from "sluice/plugin";
import type { HadoopCodec } from "../../../../protocols/hadoop/compression.ts";
import type { FileFormat } from "./format.ts";

/** Flume's DataStream: what a serializer writes, and nothing else. */
export function plainStream(serializer: Codec): FileFormat {
  return { extension: "", canAppend: true, encoder: () => serializer.encoder!() };
}

/** Flume's CompressedStream: the same as one compressed stream. The stage holds it plain. */
export function compressedStream(
  serializer: Codec,
  { className, level, extension }: HadoopCodec,
): FileFormat {
  return {
    ...plainStream(serializer),
    extension,
    transform: { kind: "stream", codec: { className, level } },
  };
}
