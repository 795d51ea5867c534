import { assertExactlyOnce } from "./exactly_once.ts";
import { randomFor, SEED } from "./settings.ts";
import { mountSmallDisk, refusalToMount, type SmallDisk } from "./tmpfs.ts";
import { runTrial, spoolFeed } from "./trial.ts";
import { inFolder } from "./trial_folder.ts";

const MIB = 1024 * 1024;
const REFUSAL = await refusalToMount();
const WHY = REFUSAL === undefined ? `(TRIAL_SEED=${SEED})` : `(left out: ${REFUSAL})`;
const NAME = "spooldir → file → file_roll on a disk that fills up";

const PIPELINE =
  `source: { type: spooldir, spoolDir: FOLDER/in, quietTime: 0, pollDelay: 50, deserializer: { type: line, maxLineLength: 1000000 } }
channel: { type: file, dataDirs: SMALL/journal, maxFileSize: 1MiB, checkpointInterval: 100, minimumRequiredSpace: 1MiB }
sink: { type: file_roll, directory: SMALL/out, rollInterval: 1, rollSize: 4MiB }
`;
/** What is left free when the disk is full: nothing, room for a manifest, or just more than the journal leaves free. */
const LEFT_BYTES = [0, 0, 8192, 300_000, 1.2 * MIB, 3 * MIB];
const LONGEST_MS = 800;

Deno.test({
  name: `${NAME} delivers exactly once, whenever it is killed ${WHY}`,
  ignore: REFUSAL !== undefined,
  fn: () =>
    inFolder(NAME, async (folder) => {
      const disk = await mountSmallDisk(`${folder}/small`, 1024 * MIB) as SmallDisk;
      try {
        const options = { pipeline: `${folder}/trial.yaml`, stateDir: `${disk.path}/state` };
        const text = PIPELINE.replaceAll("SMALL", disk.path).replaceAll("FOLDER", folder);
        await Deno.writeTextFile(options.pipeline, text);
        const flood = new Flood(disk);
        const trial = { name: NAME, options, outputs: [`${disk.path}/out`], feed: spoolFeed(folder) };
        assertExactlyOnce(await runTrial({ ...trial, onPeace: () => flood.end() }));
      } finally {
        await disk.unmount();
      }
    }),
});

/** Fills a disk and frees it again, at moments of chance. */
class Flood {
  readonly #ended: Promise<void>;
  #isOver = false;

  constructor(disk: SmallDisk) {
    this.#ended = this.#run(disk);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }

  async #run(disk: SmallDisk): Promise<void> {
    const random = randomFor("flood");
    const pause = () => new Promise((resolve) => setTimeout(resolve, random.below(LONGEST_MS)));
    while (!this.#isOver) {
      await pause();
      disk.fill(random.pick(LEFT_BYTES));
      await pause();
      disk.free();
    }
  }
}
