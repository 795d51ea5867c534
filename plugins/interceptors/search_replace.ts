import {
  choice,
  ConfigError,
  defineInterceptor,
  errorText,
  parseReplacement,
  type Pattern,
  regex,
  text,
} from "sluice/plugin";
import { rewriteBodies } from "./_bodies/rewrite.ts";

export default defineInterceptor({
  name: "search_replace",
  aliases: [
    "org.apache.flume.interceptor.SearchAndReplaceInterceptor$Builder",
    "org.apache.flume.interceptor.SearchAndReplaceInterceptor",
  ],
  summary: "Replaces every match of a pattern in the body.",
  about:
    "The replacement is written as Java writes it: `$1` and `${name}` stand for groups, `\\$` for a dollar sign. " +
    "Bodies without a match are passed on byte for byte; Flume decodes and encodes them, which spoils bytes that are " +
    "not text in the charset.",
  config: {
    searchPattern: regex().describe("What to look for."),
    replaceString: text().default("").describe("What to put there; nothing removes the match."),
    charset: choice(["UTF-8", "UTF8", "ISO-8859-1", "ISO8859_1", "latin1", "US-ASCII", "ASCII"]).default(
      "UTF-8",
    )
      .describe("Encoding of bodies."),
  },
  check: ({ searchPattern, replaceString }) => complaints(searchPattern, replaceString),
  examples: [{
    title: "Dates the other way round",
    yaml: `source: { type: stdin }
interceptors:
  - type: search_replace
    searchPattern: '(\\d{2})\\.(\\d{2})\\.(\\d{4})'
    replaceString: '$3-$2-$1'
sink: { type: stdout }`,
  }, {
    title: "Without session identifiers",
    yaml: `source: { type: stdin }
interceptors: [{ type: search_replace, searchPattern: ";jsessionid=[0-9A-F]+" }]
sink: { type: stdout }`,
  }],
  create({ searchPattern, replaceString, charset }) {
    const [complaint] = complaints(searchPattern, replaceString);
    if (complaint) throw new ConfigError(complaint.text);
    const expand = parseReplacement(replaceString, searchPattern);
    const change = (text: string) => searchPattern.replaceAll(text, expand);
    const encoding = charset.startsWith("UTF") ? "utf8" : "latin1";
    return { intercept: (batch) => rewriteBodies(batch, { charset: encoding, change }) };
  },
});

function complaints(pattern: Pattern, replacement: string) {
  if (pattern.source === "") {
    return [{ key: "searchPattern", text: "searchPattern is empty", fix: "write the text to look for" }];
  }
  try {
    parseReplacement(replacement, pattern);
    return [];
  } catch (cause) {
    const text = `Cannot use replaceString "${replacement}": ${errorText(cause)}`;
    return [{ key: "replaceString", text, fix: "name groups that searchPattern has, as in $1" }];
  }
}
