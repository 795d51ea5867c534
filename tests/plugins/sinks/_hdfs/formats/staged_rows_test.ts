import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readRows, stageRows } from "../../../../../plugins/sinks/_hdfs/formats/staged_rows.ts";
import { ByteWriter } from "../../../../../protocols/byte_writer.ts";

const ROWS = ["eins", "", "drei"].map((text) => Buffer.from(text));

function staged(): Uint8Array {
  const writer = new ByteWriter();
  return stageRows(ROWS.length, writer, (index) => writer.copy(ROWS[index]!, 0, ROWS[index]!.length))[0]!
    .slice();
}

async function read(...pieces: Uint8Array[]): Promise<string[]> {
  const texts: string[] = [];
  for await (const { block, starts, ends, size } of readRows(ReadableStream.from(pieces))) {
    for (let index = 0; index < size; index++) {
      texts.push(Buffer.from(block.subarray(starts[index], ends[index])).toString());
    }
  }
  return texts;
}

Deno.test("staged rows come back whole, wherever what is read of them ends", async () => {
  const bytes = staged();
  for (let cut = 0; cut <= bytes.length; cut++) {
    assert.deepEqual(await read(bytes.subarray(0, cut), bytes.subarray(cut)), ["eins", "", "drei"]);
  }
});

Deno.test("a staged file that ends within a row is refused, with how to cut it", async () => {
  await assert.rejects(read(staged().subarray(0, -1)), /begins at byte 12 .* truncate -s -7 FILE$/);
});
