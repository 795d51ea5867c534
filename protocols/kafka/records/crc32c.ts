import { crc32c as libraryCrc32c } from "@platformatic/kafka";

/** The CRC-32C (Castagnoli, RFC 3720 appendix B.4) of a range of bytes. */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  // Native where the platform has it, several times as fast as tables; its type asks for a Buffer, its code does not.
  return libraryCrc32c(bytes.subarray(start, end) as Parameters<typeof libraryCrc32c>[0]) >>> 0;
}
