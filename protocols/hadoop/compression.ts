import { Bzip2Encoder } from "../bzip2/encoder.ts";
import { BlockStream, compressBlocks, type CompressPieces, lz4Pieces, snappyPieces } from "./block_stream.ts";
import type { ByteSink, CompressedStream } from "./byte_sink.ts";
import { Bzip2Stream } from "./bzip2_stream.ts";
import { joinBytes } from "./join_bytes.ts";
import { ZLIB_FORMATS, type ZlibFormat, ZlibStream } from "./zlib_stream.ts";

/** By what `findHadoopCodec` finds a codec again, in another thread, too. */
export interface CodecName {
  /** As heads of SequenceFiles name it. */
  readonly className: string;
  /** The effort that it is to take; its own when it is left out. */
  readonly level?: number | undefined;
}

/** A codec of Hadoop's (org.apache.hadoop.io.compress). */
export interface HadoopCodec extends CodecName {
  /** What the names of its files end with, and by which Hadoop finds the codec again: `.gz`. */
  readonly extension: string;
  /** Compresses all at once. */
  compress(bytes: Uint8Array): Uint8Array;
  /** Compresses a file on its way. */
  open(sink: ByteSink): CompressedStream;
}

/** How one codec works; `levels` are the efforts that it knows, of which the middle one is what it takes by itself. */
interface CodecKind {
  readonly extension: string;
  readonly levels?: readonly [least: number, own: number, most: number];
  compress(bytes: Uint8Array, level: number | undefined): Uint8Array;
  open(sink: ByteSink, level: number | undefined): CompressedStream;
}

const PACKAGE = "org.apache.hadoop.io.compress";
const ZLIB_LEVELS = [1, 6, 9] as const;
const BZIP2_LEVELS = [1, 9, 9] as const;

/** By their classes; the names that configurations use follow from these. */
const KINDS: Readonly<Record<string, CodecKind>> = {
  GzipCodec: zlibKind(ZLIB_FORMATS.gzip, { extension: ".gz", levels: ZLIB_LEVELS }),
  BZip2Codec: {
    extension: ".bz2",
    levels: BZIP2_LEVELS,
    compress: (bytes, level = BZIP2_LEVELS[1]) => compressBzip2(bytes, level),
    open: (sink, level = BZIP2_LEVELS[1]) => new Bzip2Stream(sink, level),
  },
  SnappyCodec: blockKind(snappyPieces, ".snappy"),
  Lz4Codec: blockKind(lz4Pieces, ".lz4"),
  ZStandardCodec: zlibKind(ZLIB_FORMATS.zstd, { extension: ".zst", levels: [1, 3, 22] }),
  DeflateCodec: zlibKind(ZLIB_FORMATS.deflate, { extension: ".deflate", levels: ZLIB_LEVELS }),
  DefaultCodec: zlibKind(ZLIB_FORMATS.deflate, { extension: ".deflate", levels: ZLIB_LEVELS }),
};

/** Names of our own beside those that follow from the classes. */
const SHORT_NAMES: ReadonlyMap<string, string> = new Map([["zstd", "ZStandardCodec"]]);
/** They are no part of Hadoop, and their library may not be used freely; so no files for them are written. */
const LZO_NAMES = /^(com\.hadoop\.compression\.lzo\.)?(lzo|lzop)(codec)?$/i;

/** What to write for each codec. */
export const HADOOP_CODEC_NAMES: readonly string[] = [
  "gzip",
  "bzip2",
  "snappy",
  "lz4",
  "zstd",
  "deflate",
  "default",
];

/**
 * Finds a codec by any name that Flume and Hadoop take: `gzip`, `GzipCodec`, in any case, or the whole class name.
 * Nothing for `None`.
 * @throws {RangeError} when there is no such codec, or no such level of it.
 */
export function findHadoopCodec(name: string, level?: number): HadoopCodec | undefined {
  if (/^none$/i.test(name)) return undefined;
  const simpleName = Object.keys(KINDS).find((simpleName) => isNamed(simpleName, name)) ??
    SHORT_NAMES.get(name.toLowerCase());
  if (simpleName === undefined) throw unknownCodec(name);
  const kind = KINDS[simpleName]!;
  checkLevel(kind, name, level);
  return {
    className: `${PACKAGE}.${simpleName}`,
    level,
    extension: kind.extension,
    compress: (bytes) => kind.compress(bytes, level),
    open: (sink) => kind.open(sink, level),
  };
}

/** As Flume compares: the class name exactly, its last part in any case, with or without "Codec". */
function isNamed(simpleName: string, name: string): boolean {
  const lower = name.toLowerCase();
  return name === `${PACKAGE}.${simpleName}` || `${lower}codec` === simpleName.toLowerCase() ||
    lower === simpleName.toLowerCase();
}

function unknownCodec(name: string): RangeError {
  if (LZO_NAMES.test(name)) {
    return new RangeError(
      `Codec "${name}" is not part of Hadoop and not built: use lz4 or snappy, which are as fast`,
    );
  }
  return new RangeError(`There is no codec "${name}": use one of ${HADOOP_CODEC_NAMES.join(", ")}, or None`);
}

function checkLevel({ levels }: CodecKind, name: string, level: number | undefined): void {
  if (level === undefined) return;
  if (!levels) throw new RangeError(`Level ${level} means nothing to codec "${name}": leave it out`);
  const [least, own, most] = levels;
  if (Number.isInteger(level) && level >= least && level <= most) return;
  throw new RangeError(
    `Codec "${name}" has no level ${level}: use one from ${least} to ${most}, or none for ${own}`,
  );
}

function zlibKind(
  format: ZlibFormat,
  about: Pick<Required<CodecKind>, "extension" | "levels">,
): CodecKind {
  return {
    ...about,
    compress: (bytes, level) => format.compress(bytes, level),
    open: (sink, level) => new ZlibStream(sink, () => format.start(level)),
  };
}

function blockKind(compress: CompressPieces, extension: string): CodecKind {
  return {
    extension,
    compress: (bytes) => compressBlocks(bytes, compress),
    open: (sink) => new BlockStream(sink, compress),
  };
}

function compressBzip2(bytes: Uint8Array, level: number): Uint8Array {
  const encoder = new Bzip2Encoder(level);
  return joinBytes([encoder.push(bytes), encoder.end()]);
}
