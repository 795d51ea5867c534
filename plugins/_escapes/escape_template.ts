import type { EventBatch } from "sluice/plugin";
import { KnownTexts, valueAt } from "./known_texts.ts";
import { type HostNames, parseTemplate } from "./parse.ts";
import { Renderer, STAMP, type ValueRule } from "./renderer.ts";
import { spanMs, timeText } from "./time_text.ts";
import { checkRounding, type Rounding, TimeZone } from "./time_zone.ts";
import { readMs, timestampFault } from "./timestamps.ts";

/** How the escapes of a template are filled in. */
export interface EscapeOptions {
  /** A zone as Java names it; the system's own otherwise. */
  readonly timeZone?: string | undefined;
  /** Times are rounded down to it before they are written; `%t` is not. */
  readonly round?: Rounding | undefined;
  /** The sink's clock counts, not the header `timestamp`. */
  readonly useLocalTimeStamp: boolean;
  /**
   * How header values are made safe. `path`: each becomes a part of one folder's name, whatever it holds; `folders`: its
   * slashes part folders, as in Flume, each of which is made safe; `name`: a part of one file's name; `plain`: it stays as it is.
   */
  readonly values: ValueRule;
  readonly host: HostNames;
}

/** The span of time of a text that has none. */
const TIMELESS = 0;

/** A text with Flume's escapes, filled in batch by batch. What it made is remembered, so that an event costs some look-ups. */
export class EscapeTemplate {
  /** It has an escape that needs the time of the event. */
  readonly needsTime: boolean;
  /** Headers that `%{…}` names. */
  readonly headerNames: readonly string[];
  readonly #options: EscapeOptions;
  readonly #renderer: Renderer;
  readonly #zone: TimeZone;
  /** As long as this the texts of times stay the same. */
  readonly #spanMs: number;
  readonly #known = new KnownTexts();

  /**
   * @throws {SyntaxError} naming an escape that does not exist, and its column.
   * @throws {RangeError} for a time zone or a rounding that does not exist.
   */
  constructor(template: string, options: EscapeOptions) {
    const pieces = parseTemplate(template, options.host);
    const letters = pieces.flatMap((piece) => piece.kind === "time" ? piece.letter : []);
    if (options.round) checkRounding(options.round);
    this.#options = options;
    this.#renderer = new Renderer(template, pieces, options.values);
    this.#zone = new TimeZone(options.timeZone);
    this.#spanMs = letters.length > 0 ? spanMs(letters) : Infinity;
    this.needsTime = letters.length > 0 || this.#renderer.headers.includes(STAMP);
    this.headerNames = this.#renderer.headers.filter((name) => name !== STAMP);
  }

  /**
   * The text of each event; one string when all are equal.
   * @throws {PoisonError} naming the events whose time cannot be told.
   */
  texts(batch: EventBatch, nowMs: number): string | readonly string[] {
    const times = this.#options.useLocalTimeStamp ? String(nowMs) : batch.headers.get("timestamp");
    const columns = this.#renderer.headers.map((name) => name === STAMP ? times : batch.headers.get(name));
    const isVaried = [...columns, this.needsTime ? times : ""].some((column) => typeof column === "object");
    const texts = new Array<string>(isVaried ? batch.size : Math.min(batch.size, 1));
    let span = TIMELESS;
    let time: string | undefined;
    for (let index = 0; index < texts.length; index++) {
      if (this.needsTime && (index === 0 || valueAt(times, index) !== time)) {
        time = valueAt(times, index);
        span = Math.floor(readMs(time) / this.#spanMs);
        if (Number.isNaN(span)) throw timestampFault(times, batch.size);
      }
      texts[index] = this.#known.get(span, columns, index) ??
        this.#fill(span, columns.map((column) => valueAt(column, index) ?? ""));
    }
    const [first] = texts;
    return first !== undefined && texts.every((text) => text === first) ? first : texts;
  }

  #fill(span: number, values: readonly string[]): string {
    const text = this.#renderer.render({ values, time: (letter) => this.#timeText(span, letter) });
    this.#known.set(span, values, text);
    return text;
  }

  #timeText(span: number, letter: string): string {
    const { round } = this.#options;
    const startMs = span * this.#spanMs;
    const ms = round ? this.#zone.roundDown(startMs, round) : startMs;
    return timeText(letter, { ms, offsetMs: this.#zone.offsetMs(ms) });
  }
}
