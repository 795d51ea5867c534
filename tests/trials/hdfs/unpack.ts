import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import avsc from "avsc";
import { readSequenceFile } from "../../support/sequence_file.ts";

/** The events of a finished file as lines. @throws when it is not whole. */
export async function unpackLines(bytes: Uint8Array): Promise<Uint8Array> {
  const magic = Buffer.from(bytes.subarray(0, 4)).toString("latin1");
  if (magic === "SEQ\x06") return toLines(readSequenceFile(bytes).rows.map(({ value }) => value));
  if (magic === "Obj\x01") return toLines(await readAvro(bytes));
  return magic.startsWith("\x1f\x8b") ? gunzipSync(bytes) : bytes;
}

async function readAvro(bytes: Uint8Array): Promise<Uint8Array[]> {
  const decoder = new avsc.streams.BlockDecoder();
  const bodies: Uint8Array[] = [];
  const ended = new Promise((resolve, reject) => {
    decoder.on("data", ({ body }: { body: Uint8Array }) => bodies.push(body));
    decoder.on("end", resolve).on("error", reject);
  });
  decoder.end(Buffer.from(bytes));
  await ended;
  return bodies;
}

function toLines(bodies: readonly Uint8Array[]): Uint8Array {
  const end = Uint8Array.of(10);
  return new Uint8Array(Buffer.concat(bodies.flatMap((body) => [body, end])));
}
