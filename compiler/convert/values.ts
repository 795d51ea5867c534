import { formatDate } from "../date_pattern.ts";
import { Report } from "../diagnostics.ts";
import { type Asking, closingBrace, interpolate, type Variables } from "../interpolate.ts";
import type { Property } from "../properties.ts";
import type { Syntax } from "../syntax.ts";
import { isName, type LookupSources, LookupVariables, partsOf } from "../variables.ts";

/** What the values of a properties file are converted with. */
export interface ValueSources {
  readonly around: LookupSources;
  readonly properties: ReadonlyMap<string, Property>;
  readonly filters: readonly string[];
  readonly syntax: Syntax;
}

/** A value as it is written in YAML, and why it is not written as it was. */
export interface ConvertedValue {
  readonly text: string;
  readonly reasons: readonly string[];
}

/**
 * Converts a value of Flume's files: what both know stays, other properties are written out, what Flume leaves as it is
 * written becomes plain text.
 */
export async function convertValue(property: Property, sources: ValueSources): Promise<ConvertedValue> {
  const { value, valuePlace } = property;
  if (!value.includes("${")) return { text: value, reasons: [] };
  const variables = new KeptVariables(sources);
  const text = await expandWith(variables, value, valuePlace);
  return { text, reasons: [...new Set(variables.reasons)] };
}

async function expandWith(variables: Variables, text: string, place: Property["place"]): Promise<string> {
  const node = { place, scalar: { text, value: text } };
  return (await interpolate(node, variables, new Report(""))).scalar!.text;
}

class KeptVariables implements Variables {
  readonly isUnclosedText = true;
  readonly reasons: string[] = [];
  readonly #sources: ValueSources;

  constructor(sources: ValueSources) {
    this.#sources = sources;
  }

  plain(text: string): string {
    let result = "";
    let offset = 0;
    for (let start = text.indexOf("${"); start >= 0; start = text.indexOf("${", offset)) {
      // What stands in a closed one is taken as it is; behind an open one the search goes on.
      const end = closingBrace(text, start + 2);
      const next = end < 0 ? start + 2 : end + 1;
      result += `${text.slice(offset, start)}$${text.slice(start, next)}`;
      offset = next;
    }
    return result + text.slice(offset);
  }

  async expand(inner: string, asking: Asking): Promise<string> {
    const kept = `\${${inner}}`;
    // A name that is put together is looked up as it comes out today.
    const { filter, property, ...parts } = partsOf(
      inner.includes("${") ? await this.#today(inner, asking) : inner,
    );
    if (filter !== undefined) return this.#sources.filters.includes(filter) ? kept : this.#plainly(asking);
    const found = property === undefined ? undefined : this.#sources.properties.get(property);
    if (found && !asking.within.includes(property!)) {
      this.reasons.push(`\${${inner}} is written out: YAML has no names of other properties`);
      return await asking.expand(found.value, property!);
    }
    return this.#isKnown(parts) ? kept : this.#unknown(inner, parts, asking);
  }

  async #today(inner: string, { place }: Asking): Promise<string> {
    const { around, properties, syntax } = this.#sources;
    return await expandWith(
      new LookupVariables(around, { properties, syntax, report: new Report("") }),
      inner,
      place,
    );
  }

  #isKnown({ lookup, name, fallback }: Parts): boolean {
    const { around } = this.#sources;
    switch (lookup) {
      case "file":
      case "java":
        return true;
      case "date":
        return fallback !== undefined || formatDate(around.now(), name) !== undefined;
      case "sys":
        return isName(name) && (fallback !== undefined || around.systemProperty(name) !== undefined);
      case "env":
      case undefined:
        return isName(name) && (fallback !== undefined || around.env(name) !== undefined);
    }
    return false;
  }

  #unknown(inner: string, { lookup, name, fallback }: Parts, asking: Asking): string {
    if (fallback !== undefined) {
      this.reasons.push(`\${${inner}} is written out: YAML has no such look-up`);
      return fallback;
    }
    if ((lookup !== "env" && lookup !== "sys") || !isName(name)) return this.#plainly(asking);
    this.reasons.push(
      `\${${inner}} must be set; Flume leaves it as it is written, Sluice does not start without it`,
    );
    return `\${${inner}}`;
  }

  #plainly({ written }: Asking): string {
    this.reasons.push(
      `${written} is plain text: nothing is known by this name, and Flume leaves it as it is written`,
    );
    return this.plain(written);
  }
}

type Parts = Omit<ReturnType<typeof partsOf>, "filter" | "property">;
