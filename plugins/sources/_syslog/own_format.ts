import { errorText, parseReplacement, Pattern, type PatternMatch } from "sluice/plugin";
import { JodaFormat } from "../../../protocols/joda_format.ts";
import type { FoundParts } from "./head_columns.ts";
import type { KeptFields } from "./kept_fields.ts";

/** The fields of a source that describe a format of its own. */
export interface OwnFormatSettings {
  readonly "format.regex": Pattern | undefined;
  readonly "format.search": Pattern | undefined;
  readonly "format.replace": string | undefined;
  readonly "format.dateFormat": string | undefined;
}

/** A line that an own format has taken apart. */
export interface FoundLine extends FoundParts {
  readonly body: string;
}

/**
 * A format that a pipeline describes: an expression for the whole line, whose groups are priority, version, timestamp,
 * host and body, and how to read the timestamp.
 */
export class OwnFormat {
  readonly #whole: Pattern;
  readonly #rewrite: (stamp: string) => string;
  readonly #dates: JodaFormat | undefined;

  private constructor(settings: OwnFormatSettings & { readonly "format.regex": Pattern }) {
    this.#whole = new Pattern(`\\A(?:${settings["format.regex"].source})\\z`);
    this.#rewrite = rewriting(settings);
    const dates = settings["format.dateFormat"];
    // Java's older date formats write the offset as X, Joda's as Z.
    this.#dates = dates === undefined ? undefined : new JodaFormat(dates.replaceAll(/X+/g, "Z"));
  }

  /** The format that settings describe; nothing without an expression, as in Flume. */
  static of(settings: OwnFormatSettings): OwnFormat | undefined {
    const { "format.regex": regex } = settings;
    return regex && new OwnFormat({ ...settings, "format.regex": regex });
  }

  /** What is wrong with the settings. */
  static complaints(settings: OwnFormatSettings) {
    try {
      OwnFormat.of(settings);
    } catch (cause) {
      const text = `the format cannot be used: ${errorText(cause)}`;
      return [{ key: "format.regex", text, fix: "see format.search, format.replace and format.dateFormat" }];
    }
    if ((settings["format.search"] === undefined) === (settings["format.replace"] === undefined)) return [];
    return [{ key: "format.search", text: "format.search and format.replace go together", fix: "set both" }];
  }

  /** Takes a line apart; nothing when it has another format. */
  find(line: string, kept: KeptFields): FoundLine | undefined {
    const found = this.#whole.exec(line);
    if (!found) return undefined;
    const [, priority, version, stamp, host] = found;
    const ms = stamp === undefined ? undefined : this.#dates?.parse(this.#rewrite(stamp));
    const body = kept.all ? line : bodyOf(found, kept) || line;
    return {
      priority: priority || undefined,
      version: version || undefined,
      timestamp: ms === undefined ? undefined : String(ms),
      host: host || undefined,
      body,
    };
  }
}

function rewriting({ "format.search": search, "format.replace": replace }: OwnFormatSettings) {
  if (search === undefined || replace === undefined) return (stamp: string) => stamp;
  const expand = parseReplacement(replace, search);
  return (stamp: string) => search.replaceAll(stamp, expand) ?? stamp;
}

/** The body with the fields that stay in front of it; "-" for those that the line does not have. */
function bodyOf([, priority, version, stamp, host, body]: PatternMatch, kept: KeptFields): string {
  if (body === undefined) return "";
  return [
    kept.has("priority") ? `<${priority ?? ""}>` : "",
    kept.has("version") && version ? `${version} ` : "",
    kept.has("timestamp") ? `${stamp ?? "-"} ` : "",
    kept.has("hostname") ? `${host ?? "-"} ` : "",
    body,
  ].join("");
}
