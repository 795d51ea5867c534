import type { Random } from "../simulation/random.ts";
import type { Bodies } from "./bodies.ts";
import type { Feed } from "./feed.ts";

const LINES: Readonly<Record<string, readonly [least: number, most: number]>> = {
  empty: [0, 0],
  tiny: [1, 3],
  usual: [20, 800],
  huge: [20_000, 60_000],
};
const WEIGHTS = { empty: 6, tiny: 30, usual: 60, huge: 1 } as const;

/** Makes whole files in a hidden place and renames them into the spooling folder. */
export class SpoolFeed implements Feed {
  readonly written = { counts: new Map<string, number>(), empty: 0 };
  outputBytes = 0;
  readonly #folder: string;
  readonly #bodies: Bodies;
  readonly #random: Random;
  #files = 0;

  constructor(folder: string, about: { readonly bodies: Bodies; readonly random: Random }) {
    this.#folder = folder;
    this.#bodies = about.bodies;
    this.#random = about.random;
    Deno.mkdirSync(`${folder}/in`, { recursive: true });
    Deno.mkdirSync(`${folder}/making`, { recursive: true });
  }

  write(): void {
    if (!this.#random.chance(0.4)) return;
    const kind = this.#random.weighted(WEIGHTS);
    const [least, most] = LINES[kind]!;
    this.drop(least + this.#random.below(most - least + 1));
  }

  /** Drops a file of so many lines. */
  drop(lines: number): void {
    const name = `file${this.#files++}`;
    const text = Array.from({ length: lines }, (_, number) => this.#bodies.make(name, number)).join("\n");
    // Some files have no line break behind their last line.
    const isEnded = lines > 0 && this.#random.chance(0.8);
    const bytes = new TextEncoder().encode(isEnded ? `${text}\n` : text);
    Deno.writeFileSync(`${this.#folder}/making/${name}`, bytes);
    Deno.renameSync(`${this.#folder}/making/${name}`, `${this.#folder}/in/${name}`);
    if (lines === 0) this.written.empty++;
    this.written.counts.set(name, lines);
    this.outputBytes += bytes.length + (isEnded ? 0 : 1);
  }

  finish(): void {}
}
