import type { JournalFaultKind, JournalOptions } from "../../journal/mod.ts";
import { flipByte, type Image } from "./_image.ts";

/** Something that is told to be wrong: what, in which file, at which byte. */
export interface ExpectedFault {
  readonly kind: JournalFaultKind;
  readonly path: string;
  readonly offset: number;
}

/** What a damage leads to. */
export interface Outcome {
  readonly faults: readonly ExpectedFault[];
  /** Sequences of the frames that do not come any more; all others come, in order. */
  readonly lost: readonly number[];
  /** No reader comes to them: nobody knew for sure that they were there, or the cursor was moved behind them. */
  readonly isPassedUnseen?: boolean;
  /** A file in which the intact ones of them are kept. */
  readonly keptIn?: string;
}

/** One line of the table. */
export interface Damage {
  readonly name: string;
  /** How the journal was left before the damage. */
  readonly left: "crashed" | "closed";
  readonly options?: (folder: string) => Partial<JournalOptions>;
  /** Does it to a journal of three segments, and answers what is to be expected. */
  inflict(image: Image): Outcome | Promise<Outcome>;
}

const NOTHING: Outcome = { faults: [], lost: [] };
const IN_PAYLOAD = 64 + 20;

/** The frame at a place of an image, with what a table needs of it. */
function frameAt({ segments }: Image, segment: number, index: number) {
  const { path, events } = segments.at(segment)!;
  const { offset, head } = events.at(index)!;
  return { path, offset, sequence: head.sequence };
}

async function damageHead(image: Image, segment: number, index: number): Promise<Outcome> {
  const { path, offset, sequence } = frameAt(image, segment, index);
  await flipByte(path, offset + 17);
  return { faults: [{ kind: "damaged-head", path, offset }], lost: [sequence] };
}

async function damageBody(image: Image, segment: number, index: number): Promise<Outcome> {
  const { path, offset, sequence } = frameAt(image, segment, index);
  await flipByte(path, offset + IN_PAYLOAD);
  return { faults: [{ kind: "damaged-body", path, offset }], lost: [sequence] };
}

/** `told`: the file that is named instead of the one that is gone. */
async function removeSegment({ segments }: Image, gone: number, told: number): Promise<Outcome> {
  const lost = segments.at(gone)!.events.map(({ head }) => head.sequence);
  await Deno.remove(segments.at(gone)!.path);
  return { faults: [{ kind: "missing-segment", path: segments.at(told)!.path, offset: 0 }], lost };
}

function backup(folder: string): Partial<JournalOptions> {
  return { backupCheckpointFolder: `${folder}/backup` };
}

/** What can happen to the files of a journal, and what becomes of the events. */
export const DAMAGES: readonly Damage[] = [
  { name: "nothing, after a crash", left: "crashed", inflict: () => NOTHING },
  { name: "nothing, after an orderly end", left: "closed", inflict: () => NOTHING },
  { name: "a damaged frame head", left: "crashed", inflict: (image) => damageHead(image, 0, 1) },
  { name: "a damaged first frame head", left: "crashed", inflict: (image) => damageHead(image, 1, 0) },
  {
    name: "a damaged last frame head of a segment",
    left: "crashed",
    inflict: (image) => damageHead(image, 0, -1),
  },
  {
    name: "a damaged last frame head that the checkpoint knows of",
    left: "closed",
    inflict: (image) => damageHead(image, -1, -1),
  },
  {
    name: "a damaged last frame head that nothing vouches for",
    left: "crashed",
    async inflict(image) {
      const { lost, faults: [fault] } = await damageHead(image, -1, -1);
      return { faults: [{ ...fault!, kind: "torn-tail" }], lost, isPassedUnseen: true };
    },
  },
  { name: "a damaged body", left: "crashed", inflict: (image) => damageBody(image, 1, 2) },
  {
    name: "a damaged body after an orderly end",
    left: "closed",
    inflict: (image) => damageBody(image, -1, -1),
  },
  {
    name: "a damaged last body that nothing vouches for",
    left: "crashed",
    async inflict(image) {
      const { lost, faults: [fault] } = await damageBody(image, -1, -1);
      return { faults: [{ ...fault!, kind: "torn-tail" }], lost, isPassedUnseen: true };
    },
  },
  {
    name: "a damaged head in front of an intact frame, and nothing that vouches for either",
    left: "crashed",
    options: () => ({ sync: "never" }),
    async inflict(image) {
      const { lost, faults: [fault] } = await damageHead(image, -1, 0);
      const behind = image.segments.at(-1)!.events.slice(1).map(({ head }) => head.sequence);
      return {
        faults: [{ ...fault!, kind: "torn-tail" }],
        lost: [...lost, ...behind],
        isPassedUnseen: true,
        keptIn: `${fault!.path}.cut`,
      };
    },
  },
  {
    name: "a damaged segment head",
    left: "crashed",
    async inflict({ segments }) {
      const { path } = segments[1]!;
      await flipByte(path, 3);
      return { faults: [{ kind: "damaged-head", path, offset: 0 }], lost: [] };
    },
  },
  {
    name: "a damaged snapshot at the start of a segment",
    left: "crashed",
    async inflict({ segments }) {
      await flipByte(segments[1]!.path, segments[1]!.frames[0]!.offset + IN_PAYLOAD);
      return NOTHING;
    },
  },
  {
    name: "a missing first segment",
    left: "crashed",
    inflict: async (image) => ({ ...await removeSegment(image, 0, 1), isPassedUnseen: true }),
  },
  {
    name: "a missing segment in the middle",
    left: "crashed",
    inflict: (image) => removeSegment(image, 1, 2),
  },
  {
    name: "a missing last segment that the checkpoint knows of",
    left: "closed",
    inflict: (image) => removeSegment(image, -1, -2),
  },
  {
    name: "a missing checkpoint",
    left: "closed",
    async inflict({ folder }) {
      await Deno.remove(`${folder}/checkpoint`, { recursive: true });
      return { faults: [{ kind: "missing-checkpoint", path: `${folder}/checkpoint`, offset: 0 }], lost: [] };
    },
  },
  {
    name: "a damaged checkpoint",
    left: "closed",
    async inflict({ folder }) {
      await flipByte(`${folder}/checkpoint/checkpoint`, 30);
      return {
        faults: [{ kind: "damaged-checkpoint", path: `${folder}/checkpoint/checkpoint`, offset: 0 }],
        lost: [],
      };
    },
  },
  {
    name: "an empty checkpoint",
    left: "closed",
    async inflict({ folder }) {
      await Deno.truncate(`${folder}/checkpoint/checkpoint`);
      return {
        faults: [{ kind: "damaged-checkpoint", path: `${folder}/checkpoint/checkpoint`, offset: 0 }],
        lost: [],
      };
    },
  },
  {
    name: "a damaged checkpoint with a backup, and a damaged log",
    left: "closed",
    options: backup,
    async inflict(image) {
      const path = `${image.folder}/checkpoint/checkpoint`;
      await flipByte(path, 30);
      const { faults, lost } = await damageBody(image, -1, -1);
      return { faults: [{ kind: "damaged-checkpoint", path, offset: 0 }, ...faults], lost };
    },
  },
  {
    name: "a missing checkpoint with a backup, and a missing last segment",
    left: "closed",
    options: backup,
    async inflict(image) {
      await Deno.remove(`${image.folder}/checkpoint`, { recursive: true });
      return await removeSegment(image, -1, -2);
    },
  },
  {
    name: "an empty segment file at the end",
    left: "crashed",
    async inflict({ folder }) {
      const path = `${folder}/data/00000000000000000030.seg`;
      await Deno.writeFile(path, new Uint8Array());
      return { faults: [{ kind: "torn-tail", path, offset: 0 }], lost: [] };
    },
  },
  {
    name: "a foreign file",
    left: "closed",
    async inflict({ folder }) {
      const path = `${folder}/data/notes.txt`;
      await Deno.writeTextFile(path, "not yours");
      return { faults: [{ kind: "foreign-file", path, offset: 0 }], lost: [] };
    },
  },
];
