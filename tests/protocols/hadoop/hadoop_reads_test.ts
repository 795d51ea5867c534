import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EventBatch } from "sluice/plugin";
import type { ByteSink } from "../../../protocols/hadoop/byte_sink.ts";
import { findHadoopCodec, HADOOP_CODEC_NAMES } from "../../../protocols/hadoop/compression.ts";
import { SequenceFileWriter } from "../../../protocols/hadoop/sequence_file.ts";
import { serverTest, sharedServerTest } from "../../servers/mod.ts";
import { KeptBytes } from "../../support/hadoop_codecs.ts";
import { hadoopRows } from "./rows.ts";

/** Enough for several blocks of each kind. */
const [FROM, TO] = [4500, 5500];
const ALL = hadoopRows();
const [bodies, keys] = [ALL.bodies.slice(FROM, TO), ALL.keys.slice(FROM, TO)];
const ROWS = EventBatch.ofBodies(bodies);
const LINES = Buffer.concat(bodies.flatMap((body) => [body, Buffer.from("\n")]));
/** What `-text` shows of the rows. */
const SHOWN = {
  Text: bodies.map((body, index) => `${keys[index]}\t${Buffer.from(body)}\n`).join(""),
  BytesWritable: bodies.map((body, index) => {
    return `${keys[index]}\t${Buffer.from(body).toString("hex").replace(/..(?=.)/g, "$& ")}\n`;
  }).join(""),
};
/** Hadoop reads these by a library for the machine only, which is not among its packages. */
const NATIVE = ["zstd"];
const READ_NAMES = HADOOP_CODEC_NAMES.filter((name) => !NATIVE.includes(name));

/** Writes files into a folder, has Hadoop show them all at once, and compares. */
async function assertShown(
  env: Record<string, string>,
  files: readonly { readonly name: string; readonly text: string; write(sink: ByteSink): Promise<void> }[],
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const { name, write } of files) {
      const sink = new KeptBytes();
      await write(sink);
      await Deno.writeFile(`${folder}/${name}`, sink.bytes);
    }
    const args = ["dfs", "-text", ...files.map(({ name }) => `file://${folder}/${name}`)];
    const { code, stdout, stderr } = await new Deno.Command(env.HDFS_CLI!, { args }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    let offset = 0;
    for (const { name, text } of files) {
      const expected = Buffer.from(text);
      const shown = stdout.subarray(offset, offset += expected.length);
      assert.equal(Buffer.compare(shown, expected), 0, `${name} is shown otherwise`);
    }
    assert.equal(stdout.length, offset);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function sequenceFile(value: keyof typeof SHOWN, name: string, compress: "each" | "block") {
  return {
    name: `${value}-${name}-${compress}`,
    text: SHOWN[value],
    async write(sink: ByteSink) {
      const writer = new SequenceFileWriter(sink, {
        value,
        codec: findHadoopCodec(name),
        compress,
        blockBytes: 100_000,
      });
      for (let from = 0; from < ROWS.size; from += 170) {
        await writer.write(ROWS.slice(from, from + 170), keys.slice(from, from + 170));
        if (from === 340) await writer.sync();
      }
      await writer.close();
    },
  };
}

/** Three streams one behind the other, of which each holds several pieces. */
function compressedFile(name: string) {
  const codec = findHadoopCodec(name)!;
  const write = async (sink: ByteSink) => {
    const stream = codec.open(sink);
    for (let at = 0, pieces = 1; at < LINES.length; at += 29_999, pieces++) {
      await stream.write(LINES.subarray(at, at + 29_999));
      if (pieces % 4 === 0) await stream.finish();
    }
    await stream.finish();
  };
  return { name: `${name}${codec.extension}`, text: LINES.toString(), write };
}

sharedServerTest("hdfs", { HDFS_NAMENODES: "0" })(
  "hadoop reads files of every codec, also of several streams, and sequence files",
  async ({ env }) => {
    const sequences = (["Text", "BytesWritable"] as const).flatMap((value) => [
      sequenceFile(value, "None", "each"),
      ...READ_NAMES.flatMap((name) =>
        (["each", "block"] as const).map((compress) => sequenceFile(value, name, compress))
      ),
    ]);
    await assertShown(env, [...READ_NAMES.map(compressedFile), ...sequences]);
  },
);

serverTest("readers", "pyarrow reads files of zstd, gzip and bzip2, also of several streams", async (env) => {
  const folder = await Deno.makeTempDir();
  try {
    for (const compression of ["zstd", "gzip", "bz2"]) {
      const { name, write } = compressedFile(compression === "bz2" ? "bzip2" : compression);
      const sink = new KeptBytes();
      await write(sink);
      await Deno.writeFile(`${folder}/${name}`, sink.bytes);
      const script = `import pyarrow, sys
sys.stdout.buffer.write(pyarrow.input_stream(sys.argv[1], compression=sys.argv[2]).read())`;
      const args = ["-c", script, `${folder}/${name}`, compression];
      const { stdout, stderr } = await new Deno.Command(env.READERS_PYTHON!, { args }).output();
      assert.equal(Buffer.compare(stdout, LINES), 0, `${name}: ${new TextDecoder().decode(stderr)}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
