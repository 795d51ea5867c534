import { fileURLToPath } from "node:url";

/** The samples that lie in `tests/data`. */
export const SAMPLE_NAMES = [
  "access.log",
  "application.log",
  "events.jsonl",
  "flume_events.json",
  "syslog_rfc3164.log",
  "syslog_rfc5424.log",
  "crlf.txt",
  "unfinished.txt",
  "empty_lines.txt",
  "empty.txt",
  "invalid_utf8.log",
  "nul_bytes.log",
] as const;

/** One of the samples. */
export type SampleName = (typeof SAMPLE_NAMES)[number];

/** The path of a sample. */
export function samplePath(name: SampleName): string {
  return fileURLToPath(new URL(`../data/${name}`, import.meta.url));
}

/** The bytes of a sample. */
export function sampleBytes(name: SampleName): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(samplePath(name));
}

/** The lines of a sample as bytes; an unfinished last one counts. */
export function sampleLines(name: SampleName): Uint8Array<ArrayBuffer>[] {
  const bytes = sampleBytes(name);
  const lines: Uint8Array<ArrayBuffer>[] = [];
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

/** One line of exactly so many bytes, its newline left out: a JSON array of readings, as a broken writer joins them. */
export function longLine(bytes = 1 << 20): Uint8Array<ArrayBuffer> {
  const line = new Uint8Array(bytes);
  const encoder = new TextEncoder();
  let offset = 0;
  for (let reading = 0; offset < bytes; reading++) {
    const text = `{"room":"Lesesaal ${reading % 7}","celsius":${(18 + reading % 50 / 10).toFixed(1)}},`;
    offset += encoder.encodeInto(text, line.subarray(offset)).written || bytes;
  }
  return line.map((byte) => byte === 0 ? 0x20 : byte);
}

/** Many lines of access log, made by repeating the sample; always the same for the same number. */
export function manyLines(count: number): Uint8Array<ArrayBuffer> {
  const lines = sampleLines("access.log");
  const parts = Array.from({ length: count }, (_, index) => lines[index % lines.length]!);
  const block = new Uint8Array(parts.reduce((sum, part) => sum + part.length + 1, 0));
  let offset = 0;
  for (const part of parts) {
    block.set(part, offset);
    offset += part.length + 1;
    block[offset - 1] = 10;
  }
  return block;
}
