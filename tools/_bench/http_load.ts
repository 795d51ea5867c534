// Runs as a process of its own: posts the same request on some connections until time is up, and prints a LoadResult.
import { Buffer } from "node:buffer";
import type { LoadResult } from "./load.ts";

/** What to post, and where. */
export interface HttpOrder {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  readonly contentType: string;
  readonly body: string;
}

const RESPONSE_BYTES = 16 * 1024;
const REFUSED_WAIT_MS = 5;
/** Of a status line, `HTTP/1.1 200 OK`, it is the byte at index 9. */
const FIRST_DIGIT_OF_200 = 50;

/** What all connections share. */
interface Posting {
  readonly port: number;
  readonly request: Uint8Array;
  readonly endMs: number;
  accepted: number;
  refused: number;
}

/** Prebuilt bytes of a request. */
function requestBytes({ port, contentType, body }: HttpOrder): Uint8Array {
  const head = `POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: ${contentType}\r\n`;
  return Buffer.from(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/** One connection, one request at a time. Only the status and the length of the first answers are looked at closely. */
async function post(posting: Posting): Promise<void> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: posting.port });
  conn.setNoDelay(true);
  const response = Buffer.alloc(RESPONSE_BYTES);
  let usualBytes = 0;
  while (performance.now() < posting.endMs) {
    for (let rest = posting.request; rest.length > 0;) rest = rest.subarray(await conn.write(rest));
    let bytes = await readSome(conn, response);
    while (bytes !== usualBytes && !isWhole(response, bytes)) {
      bytes += await readSome(conn, response.subarray(bytes));
    }
    if (response[9] === FIRST_DIGIT_OF_200) {
      usualBytes = bytes;
      posting.accepted++;
      continue;
    }
    posting.refused++;
    await new Promise((resolve) => setTimeout(resolve, REFUSED_WAIT_MS));
  }
}

async function readSome(conn: Deno.Conn, into: Uint8Array): Promise<number> {
  const bytes = await conn.read(into);
  if (bytes === null) throw new Error("The server closed the connection");
  return bytes;
}

function isWhole(response: Buffer, bytes: number): boolean {
  const text = response.toString("latin1", 0, bytes);
  const headBytes = text.indexOf("\r\n\r\n") + 4;
  if (headBytes < 4) return false;
  return bytes >= headBytes + Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
}

async function run(order: HttpOrder): Promise<LoadResult> {
  const request = requestBytes(order);
  const startMs = performance.now();
  const endMs = startMs + order.seconds * 1000;
  const posting = { port: order.port, request, endMs, accepted: 0, refused: 0 };
  await Promise.all(Array.from({ length: order.connections }, () => post(posting)));
  const { accepted, refused } = posting;
  return {
    accepted,
    refused,
    bytes: accepted * request.length,
    ms: performance.now() - startMs,
    startEpochMs: performance.timeOrigin + startMs,
  };
}

if (import.meta.main) console.log(JSON.stringify(await run(JSON.parse(Deno.args[0]!))));
