import assert from "node:assert/strict";
import { serverTest } from "../servers/mod.ts";
import { Bodies } from "./bodies.ts";
import { assertExactlyOnce } from "./exactly_once.ts";
import { FolderLook, HdfsLook, type Look } from "./hdfs/look.ts";
import { BY_KIND, BY_TIME, FILE, FORMATS, hdfsSink, KIND, SPOOL } from "./hdfs/pipelines.ts";
import { Watch } from "./hdfs/watch.ts";
import { kafkaSource, STATIC } from "./kafka/pipelines.ts";
import { TopicFeed } from "./kafka/topic_feed.ts";
import { Witness } from "./kafka/witness.ts";
import { randomFor, ROUNDS, SEED } from "./settings.ts";
import { runTrial, spoolFeed, type TrialFeed } from "./trial.ts";
import { inFolder } from "./trial_folder.ts";

const PARTITIONS = 3;
const TOPIC = "to-hdfs";

/** A pipeline without its folder, where it writes, and what feeds it. */
interface Target {
  readonly name: string;
  readonly folder: string;
  readonly text: string;
  readonly look: Look;
  readonly feed: TrialFeed;
}

/** Kills agents that write to a target; gives what is left over there in the end, which nobody sees as a file. */
async function runKills({ name, folder, text, look, feed }: Target): Promise<void> {
  await using watch = new Watch(look, `${folder}/copy`);
  const options = { pipeline: `${folder}/trial.yaml`, stateDir: `${folder}/state` };
  await Deno.writeTextFile(options.pipeline, text.replaceAll("FOLDER", folder));
  const report = await runTrial({
    name,
    options,
    outputs: [watch.copy],
    feed,
    onStopped: () => watch.finish(),
  });
  console.log(JSON.stringify({ files: watch.size, looks: watch.looks, blindLooks: watch.blindLooks }));
  assert.deepEqual(watch.faults, []);
  assertExactlyOnce(report);
}

function spooled(sink: string): string {
  return `source: { ${SPOOL} }\ninterceptors: [${KIND}]\nchannel: ${FILE}\nsink: ${sink}\n`;
}

for (const durable of ROUNDS > 3 ? ["stage", "append"] : ["stage"]) {
  const name = `spooldir → file → hdfs, file:// by a header, durable: ${durable}`;
  Deno.test(`${name}: exactly once in whole files, whenever it is killed (TRIAL_SEED=${SEED})`, () =>
    inFolder(name, async (folder) => {
      await Deno.mkdir(`${folder}/out`);
      const more = `${FORMATS.DataStream}, durable: ${durable}, appendInterval: 100`;
      const text = spooled(hdfsSink({ target: `file://${folder}/out`, partition: BY_KIND, more }));
      await runKills({ name, folder, text, look: new FolderLook(`${folder}/out`), feed: spoolFeed(folder) });
    }));
}

const TO_S3 = "spooldir → file → hdfs, s3:// by date";
serverTest(
  "s3",
  `${TO_S3}: exactly once in whole objects, whenever it is killed (TRIAL_SEED=${SEED})`,
  (env) =>
    inFolder(TO_S3, async (folder) => {
      const account =
        `s3.endpoint: "${env.S3_ENDPOINT}", s3.region: ${env.S3_REGION}, s3.accessKeyId: ${env.S3_ACCESS_KEY_ID}, s3.secretAccessKey: ${env.S3_SECRET_ACCESS_KEY}`;
      const more = `${FORMATS["CompressedStream (gzip)"]}, ${account}`;
      const text = spooled(hdfsSink({ target: `s3://${env.S3_BUCKET}/out`, partition: BY_TIME, more }));
      const look = new FolderLook(`${env.S3_FOLDER}/out`);
      await runKills({ name: TO_S3, folder, text, look, feed: spoolFeed(folder) });
      assert.deepEqual(await uploadsIn(env.S3_FOLDER!), [], "uploads stay behind");
    }),
);

/** What the server keeps of uploads that are not complete. */
async function uploadsIn(bucket: string): Promise<string[]> {
  const files = await new FolderLook(`${bucket}/.sgwtmp`).list();
  return files.map(({ path }) => path);
}

const FROM_KAFKA = "kafka → direct → hdfs, DataStream by date";
serverTest(
  ["kafka", "hdfs"],
  `${FROM_KAFKA}: exactly once in whole files, whenever it is killed (TRIAL_SEED=${SEED})`,
  (env) =>
    inFolder(FROM_KAFKA, async (folder) => {
      const brokers = env.KAFKA_BROKERS!;
      await using witness = new Witness(brokers);
      await witness.createTopic(TOPIC, { partitions: PARTITIONS });
      const source = kafkaSource({ brokers, topic: TOPIC, client: "platformatic", more: STATIC });
      const sink = hdfsSink({
        target: `${env.HDFS_URI}/kafka`,
        nameNodes: env.HDFS_WEBHDFS,
        partition: BY_TIME,
        more: FORMATS.DataStream,
      });
      const look = new HdfsLook(env.HDFS_WEBHDFS!, "/kafka");
      const about = { topic: TOPIC, partitions: PARTITIONS, name: "trial" };
      const feed = new TopicFeed(witness, { ...about, bodies: new Bodies(), random: randomFor("topic") });
      const fed = { feed, writeFresh: () => void feed.append(0, 1) };
      await runKills({
        name: FROM_KAFKA,
        folder,
        text: `source: { ${source} }\nsink: ${sink}\n`,
        look,
        feed: fed,
      });
    }),
);
