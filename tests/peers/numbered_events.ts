import avro from "avsc";
import { Buffer } from "node:buffer";
import { AvroReader } from "../../protocols/avro_container.ts";

/** An event as it was sent, or as a sink wrote it. */
export interface NumberedEvent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What came of some numbered events. */
export interface Arrival {
  readonly events: number;
  readonly lost: number;
  readonly repeated: number;
  /** Have other headers or another body than what was sent. */
  readonly wrong: number;
}

const LONG_BYTES = 20_000;
const BLOCK_BYTES = 64 * 1024 * 1024;

/** An event that RpcSender.java makes as well, from the same two words. */
export function numberedEvent(origin: string, id: number): NumberedEvent {
  const bytes = id % 50 === 0 ? 0 : id % 1000 === 999 ? LONG_BYTES : id * 37 % 613;
  const body = Uint8Array.from({ length: bytes }, (_, at) => id + at * 131 + (at >> 3));
  return { headers: { id: `${id}`, origin, "größe": `日本 \t${id % 7}`, empty: "" }, body };
}

/** The events in the Avro container files of a folder, as another implementation than ours reads them. */
export async function readEvents(folder: string): Promise<NumberedEvent[]> {
  const events: NumberedEvent[] = [];
  for (const { name } of Array.from(Deno.readDirSync(folder))) {
    if (Deno.statSync(`${folder}/${name}`).size === 0) continue;
    await new Promise<void>((resolve, reject) => {
      avro.createFileDecoder(`${folder}/${name}`)
        .on(
          "data",
          ({ headers, body }: { headers: Record<string, string>; body: Buffer }) =>
            events.push({ headers: { ...headers }, body: new Uint8Array(body) }),
        )
        .on("error", reject)
        .on("end", () => resolve());
    });
  }
  return events;
}

/** How many events the files of a folder hold in whole blocks, also while they are being written. */
export function countEvents(folder: string): number {
  return Array.from(Deno.readDirSync(folder), ({ name }) => countIn(bytesOf(`${folder}/${name}`)))
    .reduce((sum, count) => sum + count, 0);
}

/** A sink that starts again gives its files other names, perhaps just now. */
function bytesOf(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return new Uint8Array(0);
    throw cause;
  }
}

function countIn(bytes: Uint8Array): number {
  const reader = new AvroReader(bytes);
  const head = reader.head();
  let events = 0;
  for (let block = head && reader.block(head, BLOCK_BYTES); block; block = reader.block(head!, BLOCK_BYTES)) {
    events += block.count;
  }
  return events;
}

/** Compares what arrived with events 0 to `count` of an origin, by their whole content. */
export function judgeArrival(arrived: readonly NumberedEvent[], origin: string, count: number): Arrival {
  return compareEvents(arrived, Array.from({ length: count }, (_, id) => numberedEvent(origin, id)));
}

/** Compares what arrived with what was sent, by their whole content; those that are alike are counted. */
export function compareEvents(arrived: readonly NumberedEvent[], sent: readonly NumberedEvent[]): Arrival {
  const [came, wanted] = [arrived, sent].map((events) => Map.groupBy(events, contentOf));
  let lost = 0;
  let repeated = 0;
  for (const [content, { length }] of wanted!) {
    const difference = (came!.get(content)?.length ?? 0) - length;
    lost += Math.max(0, -difference);
    repeated += Math.max(0, difference);
  }
  const wrong = arrived.filter((event) => !wanted!.has(contentOf(event))).length;
  return { events: arrived.length, lost, repeated, wrong };
}

function contentOf({ headers, body }: NumberedEvent): string {
  return JSON.stringify([Object.entries(headers).sort(), Buffer.from(body).toString("latin1")]);
}
