import { promisify } from "node:util";
import { crc32, deflateRaw, inflateRaw, zstdCompress, zstdDecompress } from "node:zlib";
import snappy from "snappyjs";

/** How the blocks of an Avro container are compressed. */
export interface AvroCompression {
  compress(block: Uint8Array): Promise<Uint8Array> | Uint8Array;
  /** @throws when the block is damaged, or longer than the limit once expanded. */
  expand(block: Uint8Array, maxBytes: number): Promise<Uint8Array> | Uint8Array;
}

const CHECKSUM_BYTES = 4;

/** All codecs that are known, by their names in Avro. */
export const AVRO_COMPRESSIONS = {
  null: { compress: (block) => block, expand: (block) => block },
  deflate: {
    compress: (block) => promisify(deflateRaw)(block),
    expand: (block, maxOutputLength) =>
      promisify<Uint8Array, object, Uint8Array>(inflateRaw)(block, { maxOutputLength }),
  },
  snappy: { compress: compressChecked, expand: expandChecked },
  zstandard: {
    compress: (block) => promisify(zstdCompress)(block),
    expand: (block, maxOutputLength) =>
      promisify<Uint8Array, object, Uint8Array>(zstdDecompress)(block, { maxOutputLength }),
  },
} satisfies Record<string, AvroCompression>;

/** The compressed bytes, then the CRC-32 of the plain ones, big end first. */
function compressChecked(block: Uint8Array): Uint8Array {
  const packed = snappy.compress(block);
  const checked = new Uint8Array(packed.length + CHECKSUM_BYTES);
  checked.set(packed);
  new DataView(checked.buffer).setUint32(packed.length, crc32(block));
  return checked;
}

function expandChecked(block: Uint8Array, maxBytes: number): Uint8Array {
  const packedBytes = block.length - CHECKSUM_BYTES;
  if (packedBytes < 1) throw new SyntaxError("An Avro block is too short to be compressed with Snappy");
  const expanded = uncompress(block.subarray(0, packedBytes), maxBytes);
  const checksum = new DataView(block.buffer, block.byteOffset).getUint32(packedBytes);
  if (crc32(expanded) !== checksum) throw new SyntaxError("An Avro block has a wrong checksum");
  return expanded;
}

function uncompress(packed: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return snappy.uncompress(packed, maxBytes);
  } catch (cause) {
    throw new SyntaxError("An Avro block is damaged, or longer than the limit once expanded", { cause });
  }
}
