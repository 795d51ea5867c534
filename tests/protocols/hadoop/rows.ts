import { Buffer } from "node:buffer";

/** 20,000 rows: texts of up to 400 bytes, empty ones, and one of 70,000 bytes; 4.6 MB. */
export function hadoopRows(): { readonly bodies: readonly Uint8Array[]; readonly keys: readonly number[] } {
  const alphabet = "abcdefghijklmnopqrstuvwxyz".repeat(17);
  const bodies = Array.from({ length: 20_000 }, (_, index) => {
    if (index % 97 === 0) return new Uint8Array(0);
    if (index === 5000) return Buffer.alloc(70_000, "z");
    return Buffer.from(`event ${index} ${alphabet.slice(index % 26, index % 26 + index * 7 % 400)}`);
  });
  return { bodies, keys: bodies.map((_, index) => 1_700_000_000_000 + index * 1000) };
}
