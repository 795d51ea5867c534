import type { Consumer, EachBatchPayload } from "kafkajs";
import { until } from "../../support/until.ts";
import type { Witness } from "./witness.ts";

/** What stands in front of the mark that a copy puts behind all others. */
const MARK = "mark of the witness ";
const END_LIMIT_MS = 30_000;

/** Writes the committed events of a topic as lines into a folder, a file for each partition, as they come. */
export class TopicCopy {
  readonly #witness: Witness;
  readonly #topic: string;
  readonly #files: readonly Deno.FsFile[];
  readonly #ended = new Set<number>();
  readonly #mark = MARK + crypto.randomUUID();
  readonly #consumer: Consumer;

  constructor(
    witness: Witness,
    about: { readonly topic: string; readonly partitions: number; readonly folder: string },
  ) {
    Deno.mkdirSync(about.folder, { recursive: true });
    this.#witness = witness;
    this.#topic = about.topic;
    this.#files = Array.from(
      { length: about.partitions },
      (_, partition) => Deno.openSync(`${about.folder}/${partition}-0`, { append: true, create: true }),
    );
    this.#consumer = witness.consumer();
  }

  async start(): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [this.#topic], fromBeginning: true });
    await this.#consumer.run({ autoCommit: false, eachBatch: (batch) => this.#write(batch) });
  }

  /** Reads to the end: to what it puts behind all others itself, so that nothing that is still open is missed. */
  async finish(): Promise<void> {
    for (const partition of this.#files.keys()) {
      await this.#witness.send(this.#topic, partition, [this.#mark]);
    }
    await until(`all of ${this.#topic}`, () => this.#ended.size === this.#files.length, END_LIMIT_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer.disconnect();
    for (const file of this.#files) file.close();
  }

  #write({ batch }: EachBatchPayload): Promise<void> {
    const lines: string[] = [];
    for (const { value } of batch.messages) {
      const text = value?.toString("utf8") ?? "";
      if (text === this.#mark) this.#ended.add(batch.partition);
      if (!text.startsWith(MARK)) lines.push(`${text}\n`);
    }
    this.#files[batch.partition]!.writeSync(new TextEncoder().encode(lines.join("")));
    return Promise.resolve();
  }
}

/** How often each event of a topic is in it, by body; markers of the witness left out. */
export async function readTopic(
  witness: Witness,
  topic: { readonly topic: string; readonly partitions: number },
): Promise<ReadonlyMap<string, number>> {
  const folder = await Deno.makeTempDir({ prefix: "topic-" });
  try {
    await using copy = new TopicCopy(witness, { ...topic, folder });
    await copy.start();
    await copy.finish();
    const counts = new Map<string, number>();
    for (let partition = 0; partition < topic.partitions; partition++) {
      const lines = (await Deno.readTextFile(`${folder}/${partition}-0`)).split("\n").slice(0, -1);
      for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
    }
    return counts;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
