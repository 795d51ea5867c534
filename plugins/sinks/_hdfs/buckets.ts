import type { Clock, EventBatch } from "sluice/plugin";
import { EscapeTemplate } from "../../_escapes/escape_template.ts";
import type { HostNames } from "../../_escapes/parse.ts";
import { finishName } from "../../_escapes/safe_names.ts";
import { splitByKey } from "../../_escapes/split_by_key.ts";
import type { Rounding } from "../../_escapes/time_zone.ts";
import type { BucketPart } from "../_rolling/rolling_files.ts";

/** Counters of buckets without open files that are remembered; others go on from the clock. */
const MAX_COUNTERS = 20_000;
/** HDFS and common disks take 255; a name that is tried again grows. */
const MAX_NAME_BYTES = 245;
/** Between the parts of a bucket's key; no name has it. */
const GAP = "\0";

/** What makes the paths of files. */
export interface BucketSettings {
  /** Below the target's root, with escapes. */
  readonly path: string;
  readonly filePrefix: string;
  readonly inUsePrefix: string;
  readonly inUseSuffix: string;
  /** No file may be found by its final name while it is written. */
  readonly isAlwaysApart: boolean;
  /** Behind the counter. */
  readonly end: string;
  readonly timeZone?: string | undefined;
  readonly round?: Rounding | undefined;
  readonly useLocalTimeStamp: boolean;
  readonly host: HostNames;
  /** Whether slashes in the values of headers part folders. */
  readonly headerSlashes: "encode" | "folders";
}

/** The names of one file at its target. */
export interface FileNames {
  /** Its path up to the counter. */
  readonly stem: string;
  /** What follows the counter. */
  readonly end: string;
  /** Its path while it is written. */
  readonly inUse: string;
}

/** Puts events into buckets by their folder and prefix, and gives each file of a bucket a name, as Flume does. */
export class Buckets {
  readonly #settings: BucketSettings;
  readonly #templates: readonly EscapeTemplate[];
  readonly #counters = new Map<string, number>();
  /** Sets names in use apart from those of other sinks and lives. */
  readonly #mark = `.${crypto.randomUUID().slice(0, 6)}`;
  readonly #clock: Clock;

  /** @throws {SyntaxError} for an escape that does not exist; {RangeError} for a time zone or rounding that does not. */
  constructor(settings: BucketSettings, clock: Clock) {
    const { path, filePrefix, inUsePrefix, headerSlashes, ...options } = settings;
    this.#settings = settings;
    this.#clock = clock;
    this.#templates = [
      new EscapeTemplate(path, { ...options, values: headerSlashes === "folders" ? "folders" : "path" }),
      new EscapeTemplate(filePrefix, { ...options, values: "name" }),
      new EscapeTemplate(inUsePrefix, { ...options, values: "name" }),
    ];
  }

  /** Headers and time that the names need. */
  get needsTime(): boolean {
    return this.#templates.some(({ needsTime }) => needsTime);
  }

  /** Whether headers choose folders. */
  get hasChosenFolders(): boolean {
    return this.#templates[0]!.headerNames.length > 0;
  }

  /** Cuts a batch by bucket. @throws {PoisonError} naming events whose time cannot be told. */
  split(batch: EventBatch): readonly BucketPart[] {
    if (batch.size === 0) return [];
    const nowMs = this.#clock.now();
    const texts = this.#templates.map((template) => template.texts(batch, nowMs));
    return splitByKey(batch, joinTexts(texts, batch.size)).map(({ key, ...part }) => ({
      bucket: key,
      ...part,
    }));
  }

  /** The names of a bucket's next file: its counter begins with the clock's milliseconds, and goes up by one. */
  nextNames(bucket: string): FileNames {
    const count = (this.#counters.get(bucket) ?? this.#clock.now()) + 1;
    this.#counters.delete(bucket);
    this.#counters.set(bucket, count);
    if (this.#counters.size > MAX_COUNTERS) this.#counters.delete(this.#counters.keys().next().value!);
    const { end, inUseSuffix } = this.#settings;
    const [path, prefix, inUsePrefix] = bucket.split(GAP);
    const folder = path === "" ? "" : `${path}/`;
    const name = `${prefix}.${count}`;
    const isApart = inUsePrefix !== "" || inUseSuffix !== "" || this.#settings.isAlwaysApart;
    // Both are empty where a prefix of header values is: then the mark alone would look like a final name.
    const hiding = isApart && inUsePrefix === "" && inUseSuffix === "" ? ".tmp" : inUseSuffix;
    const inUseEnd = `${isApart ? this.#mark : ""}${end}${hiding}`;
    const inUse = `${folder}${fitName(`${inUsePrefix}${name}`, inUseEnd)}`;
    return { stem: `${folder}${name}`, end, inUse };
  }
}

/** The folder of a bucket's files. */
export function folderOf(bucket: string): string {
  return bucket.slice(0, bucket.indexOf(GAP));
}

/** Two long parts may make a name that no file system takes: a checksum stands for its end then. */
function fitName(start: string, end: string): string {
  const isShort = (start.length + end.length) * 3 <= MAX_NAME_BYTES;
  if (isShort || new TextEncoder().encode(start + end).length <= MAX_NAME_BYTES) return start + end;
  return finishName(start, true) + end;
}

function joinTexts(texts: readonly (string | readonly string[])[], size: number): string | readonly string[] {
  if (texts.every((text) => typeof text === "string")) return texts.join(GAP);
  const keys = new Array<string>(size);
  const [path, prefix, inUsePrefix] = texts as [typeof texts[0], typeof texts[0], typeof texts[0]];
  if (typeof prefix === "string" && typeof inUsePrefix === "string") {
    return joinPaths(path, GAP + prefix + GAP + inUsePrefix);
  }
  for (let index = 0; index < size; index++) {
    keys[index] = texts.map((text) => typeof text === "string" ? text : text[index]!).join(GAP);
  }
  return keys;
}

/** The usual case: only the folders differ, and neighbours often do not. */
function joinPaths(paths: string | readonly string[], rest: string): readonly string[] {
  const joined = new Map<string, string>();
  let [last, key]: [string | undefined, string] = [undefined, ""];
  return Array.from(paths, (path) => {
    if (path === last) return key;
    last = path;
    key = joined.get(path) ?? path + rest;
    joined.set(path, key);
    return key;
  });
}
