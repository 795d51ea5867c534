import type { EventBatch } from "sluice/plugin";
import type { BucketPart } from "../_rolling/rolling_files.ts";

/** Where values go that cannot be the name of a folder. */
const UNKNOWN = "_unknown";
const MAX_NAME_BYTES = 200;
/** Different values that are remembered within one batch. */
const MAX_REMEMBERED = 10_000;
const REFERENCE = /%\{([^{}]+)\}/g;

/**
 * A path of folders with header references, such as `%{host}/%{status}`. Whatever headers hold, a bucket never leads out of
 * the sink's folder: each part of the path becomes one plain folder name.
 */
export class BucketTemplate {
  readonly #parts: readonly string[];
  readonly #names: readonly string[];

  /** @throws {SyntaxError} when the text before any header is filled in already leads elsewhere. */
  constructor(template: string) {
    this.#parts = template === "" ? [] : template.split("/");
    this.#names = [...new Set(Array.from(template.matchAll(REFERENCE), ([, name]) => name!))];
    const bare = template.replaceAll(REFERENCE, "x");
    const odd = bare === ""
      ? undefined
      : bare.split("/").find((part) => !isFolderName(part) || part.includes("%"));
    if (odd !== undefined) {
      throw new SyntaxError(
        `Cannot use "${template}": write folder names and %{header}, with "/" between them`,
      );
    }
  }

  /** Cuts a batch by bucket; order within a bucket stays. */
  split(batch: EventBatch): readonly BucketPart[] {
    const columns = this.#names.map((name) => batch.headers.get(name));
    if (columns.every((column) => typeof column !== "object")) {
      return [{ bucket: this.#bucket(batch, 0), batch }];
    }
    const known = new Map<string, string>();
    const places = new Map<string, number[]>();
    for (let index = 0; index < batch.size; index++) {
      const values = columns.length === 1
        ? batch.header(index, this.#names[0]!) ?? ""
        : this.#key(batch, index);
      let bucket = known.get(values);
      if (bucket === undefined) {
        bucket = this.#bucket(batch, index);
        if (known.size < MAX_REMEMBERED) known.set(values, bucket);
      }
      const indexes = places.get(bucket);
      if (indexes) indexes.push(index);
      else places.set(bucket, [index]);
    }
    if (places.size === 1) return [{ bucket: places.keys().next().value!, batch }];
    return Array.from(places, ([bucket, list]) => {
      const indexes = Uint32Array.from(list);
      return { bucket, batch: batch.select(indexes), indexes };
    });
  }

  #key(batch: EventBatch, index: number): string {
    return this.#names.map((name) => batch.header(index, name) ?? "").join("\0");
  }

  #bucket(batch: EventBatch, index: number): string {
    return this.#parts.map((part) => {
      const name = part.replaceAll(REFERENCE, (_, header: string) => folderPart(batch.header(index, header)));
      return isFolderName(name) ? name : UNKNOWN;
    }).join("/");
  }
}

/** A value as a piece of a folder's name. */
function folderPart(value: string | undefined): string {
  return value === undefined || value === "" || !isFolderName(value) ? UNKNOWN : value;
}

/** Whether a text names a folder right here, on any system. */
function isFolderName(name: string): boolean {
  // deno-lint-ignore no-control-regex -- They are what must not stand in a name.
  if (name === "" || name === "." || name === ".." || /[\/\\:\0-\x1F\x7F]/.test(name)) return false;
  return name.isWellFormed() && new TextEncoder().encode(name).length <= MAX_NAME_BYTES;
}
