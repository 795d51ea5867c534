import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { Refusal } from "./refusal.ts";

const INFLATERS: Readonly<
  Record<string, (bytes: Uint8Array, limit: { maxOutputLength: number }) => Promise<Uint8Array>>
> = {
  gzip: promisify(gunzip) as never,
  "x-gzip": promisify(gunzip) as never,
  deflate: promisify(inflate) as never,
};

/**
 * Whether a body comes as it is and within the limit. The server itself sees to it that no more than the declared
 * length comes, so such a body may be read the fast way.
 * @throws {Refusal} 413 when the declared length is above the limit.
 */
export function isPlain({ headers }: Request, maxBytes: number): boolean {
  const declared = headers.get("content-length");
  if (declared !== null && Number(declared) > maxBytes) throw tooLarge(maxBytes);
  // `get` asks the server for one header; `has` would have it list them all.
  return declared !== null && headers.get("content-encoding") === null;
}

/**
 * Reads the body of a request, inflated, up to a limit that holds before and after inflation.
 * @throws {Refusal} 413 above the limit, 415 for an unknown Content-Encoding, 400 for damaged compression.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const encoding = request.headers.get("content-encoding");
  const body = await readLimited(request, maxBytes);
  return encoding === null || encoding === "identity" ? body : await inflateBody(body, encoding, maxBytes);
}

async function readLimited(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

async function inflateBody(
  bytes: Uint8Array,
  encoding: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const inflater = INFLATERS[encoding.toLowerCase()];
  if (!inflater) {
    throw new Refusal(415, `Content-Encoding "${encoding}" is not known: send gzip, deflate or none`);
  }
  try {
    const inflated = await inflater(bytes, { maxOutputLength: maxBytes });
    return new Uint8Array(inflated.buffer as ArrayBuffer, inflated.byteOffset, inflated.byteLength);
  } catch (cause) {
    if ((cause as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes);
    throw new Refusal(400, `The body is not ${encoding}: ${(cause as Error).message}`, { cause });
  }
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal(413, `The body exceeds ${maxBytes} bytes: send smaller batches, or raise maxBodyBytes`);
}
