import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import {
  FORMAT_VERSION,
  Journal,
  JournalError,
  type JournalFault,
  makeSeal,
  parseKeyFile,
} from "../../journal/mod.ts";
import { DAMAGES, type ExpectedFault, type Outcome } from "./_damages.ts";
import {
  contentOf,
  copyFolder,
  FRAME_EVENTS,
  type Image,
  imageOf,
  makeJournal,
  optionsIn,
  payloadAt,
  readAll,
  type Reading,
} from "./_image.ts";

const FRAMES = 10;
const SEQUENCES = Array.from({ length: FRAMES }, (_, index) => index * FRAME_EVENTS);

/** Journals as a crash and an orderly end leave them; gone when the test is over. */
async function journals(change: Parameters<typeof makeJournal>[2] = {}) {
  const root = await Deno.makeTempDir();
  const folders = { crashed: `${root}/crashed`, closed: `${root}/closed` };
  const options = change.backupCheckpointFolder === undefined
    ? change
    : { ...change, backupCheckpointFolder: `${folders.closed}/backup` };
  await makeJournal(folders, FRAMES, options);
  return { root, ...folders, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}

/** What was found when the journal was opened may be told again by the reader that comes to it. */
function told({ faults }: Reading): ExpectedFault[] {
  const key = ({ kind, sequence, path }: JournalFault) => `${kind} ${sequence ?? path}`;
  const isFirst = (fault: JournalFault, index: number) =>
    faults.findIndex((other) => key(other) === key(fault)) === index;
  return faults.filter(isFirst).map(({ kind, path, offset }) => ({ kind, path, offset }));
}

function assertOutcome(
  { faults, lost, isPassedUnseen = false }: Outcome,
  reading: Reading,
  name: string,
): void {
  assert.deepEqual(reading.sequences, SEQUENCES.filter((sequence) => !lost.includes(sequence)), name);
  assert.deepEqual(told(reading), faults, name);
  const events = isPassedUnseen ? [] : lost.flatMap((sequence) => [sequence, sequence + 1, sequence + 2]);
  assert.deepEqual(reading.lost, events, name);
  assert.equal(reading.size, 0, name);
}

for (const { name, left, options, inflict } of DAMAGES) {
  Deno.test(`journal with ${name} gives all other events, in order, and says what is wrong`, async () => {
    await using made = await journals(options?.(""));
    const folder = made[left];
    const image = await imageOf(folder);
    assert.equal(image.segments.length, 3);
    const outcome = await inflict(image);
    const opened = optionsIn(folder, options?.(folder));
    assertOutcome(outcome, await readAll(opened), name);
    if (outcome.keptIn) {
      assert.ok((await Deno.readTextFile(outcome.keptIn)).includes(payloadAt(outcome.lost.at(-1)!)));
    }
    const again = await readAll(opened);
    assert.deepEqual(
      [again.sequences, again.lost, again.size],
      [[], [], 0],
      "what was delivered does not come again",
    );
  });
}

Deno.test("journal that is torn at any byte of its last frame gives all frames before it", async () => {
  await using made = await journals();
  const { segments } = await imageOf(made.crashed);
  const { path, events } = segments.at(-1)!;
  const { offset, head } = events.at(-1)!;
  const bytes = 64 + head.payloadBytes;
  const name = path.slice(made.crashed.length);
  for (const kept of [0, 1, 4, 31, 63, 64, 65, bytes >> 1, bytes - 1]) {
    const folder = `${made.root}/torn${kept}`;
    await copyFolder(made.crashed, folder);
    await Deno.truncate(folder + name, offset + kept);
    const faults = kept === 0 ? [] : [{ kind: "torn-tail" as const, path: folder + name, offset }];
    const outcome = { faults, lost: [head.sequence], isPassedUnseen: true };
    assertOutcome(outcome, await readAll(optionsIn(folder)), `${kept} of ${bytes} bytes are left`);
  }
});

Deno.test("journal with a foreign file leaves it as it is", async () => {
  await using made = await journals();
  const path = `${made.closed}/data/00000000000000000000.segment`;
  await Deno.writeTextFile(path, "not yours");
  await readAll(optionsIn(made.closed));
  assert.equal(await Deno.readTextFile(path), "not yours");
});

/** What the opening of a journal is refused with; not a byte of it may have changed. */
async function refusal(folder: string, open: () => Promise<unknown>): Promise<JournalError> {
  const before = await contentOf(folder);
  let thrown: unknown;
  await open().catch((cause) => thrown = cause);
  assert.ok(thrown instanceof JournalError, `it was not refused: ${thrown}`);
  assert.deepEqual(await contentOf(folder), before);
  assert.notEqual(thrown.fix, "");
  return thrown;
}

/** A file of a journal in which bytes 4 to 7 tell the version, and where its checksum stands. */
interface VersionedFile {
  readonly what: string;
  readonly pathOf: (image: Image) => string;
  readonly crcOffset: number;
  readonly crcOf: (bytes: Uint8Array) => number;
}

const crcOfSegmentHead = (bytes: Uint8Array) => crc32(bytes.subarray(0, 60));
const VERSIONED: readonly VersionedFile[] = [
  {
    what: "first segment",
    pathOf: ({ segments }) => segments[0]!.path,
    crcOffset: 60,
    crcOf: crcOfSegmentHead,
  },
  {
    what: "last segment",
    pathOf: ({ segments }) => segments.at(-1)!.path,
    crcOffset: 60,
    crcOf: crcOfSegmentHead,
  },
  {
    what: "checkpoint",
    pathOf: ({ folder }) => `${folder}/checkpoint/checkpoint`,
    crcOffset: 12,
    crcOf: (bytes) => crc32(bytes.subarray(16), crc32(bytes.subarray(4, 12))),
  },
];

async function raiseVersion(path: string, { crcOffset, crcOf }: VersionedFile): Promise<void> {
  const bytes = await Deno.readFile(path);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, FORMAT_VERSION + 1, true);
  view.setUint32(crcOffset, crcOf(bytes), true);
  await Deno.writeFile(path, bytes);
}

for (const versioned of VERSIONED) {
  Deno.test(`journal whose ${versioned.what} is of a newer version is not opened, and not changed`, async () => {
    await using made = await journals();
    const path = versioned.pathOf(await imageOf(made.closed));
    await raiseVersion(path, versioned);
    const error = await refusal(made.closed, () => Journal.open(optionsIn(made.closed)));
    assert.equal(error.path, path);
    assert.match(error.message, new RegExp(`has format version ${FORMAT_VERSION + 1}; .* ${FORMAT_VERSION}`));
    assert.ok(error.message.includes(path));
  });
}

Deno.test("journal that is open refuses another opener, and says who has it", async () => {
  await using made = await journals();
  const journal = await Journal.open(optionsIn(made.closed));
  try {
    const error = await refusal(made.closed, () => Journal.open(optionsIn(made.closed)));
    assert.equal(error.message, `The journal folder "${made.closed}/data" is in use by process ${Deno.pid}`);
  } finally {
    await journal.close();
  }
  await readAll(optionsIn(made.closed));
});

Deno.test("journal in a folder that cannot be used is refused with its path", async () => {
  await using made = await journals();
  const path = `${made.closed}/data/lock`;
  const error = await refusal(
    made.closed,
    () => Journal.open({ ...optionsIn(made.closed), folders: [`${path}/data`] }),
  );
  assert.equal(error.path, `${path}/data`);
  assert.ok(error.message.includes(path));
});

const KEY = "k1 " + "00112233".repeat(8);
const OTHER_KEY = "k1 " + "44556677".repeat(8);

function sealWith(text: string) {
  return makeSeal({ compression: "none", keys: parseKeyFile(text, "keys") })!;
}

Deno.test("encrypted journal is not opened with another key, or without one, and not changed", async () => {
  await using made = await journals({ seal: sealWith(KEY) });
  const wrong = await refusal(
    made.crashed,
    () => Journal.open(optionsIn(made.crashed, { seal: sealWith(OTHER_KEY) })),
  );
  assert.match(wrong.message, /Key "k1" does not open the payload/);
  const none = await refusal(made.crashed, () => Journal.open(optionsIn(made.crashed)));
  assert.match(none.message, /encrypted with key id [0-9a-f]{8}, which is not at hand/);
  assert.deepEqual((await readAll(optionsIn(made.crashed, { seal: sealWith(KEY) }))).sequences, SEQUENCES);
});

Deno.test("encrypted journal after a key rotation gives what both keys have sealed", async () => {
  await using made = await journals({ seal: sealWith(KEY) });
  const rotated = sealWith(`k2 ${"8899aabb".repeat(8)}\n${KEY}`);
  const { sequences, faults } = await readAll(optionsIn(made.crashed, { seal: rotated }));
  assert.deepEqual([sequences, faults], [SEQUENCES, []]);
});
