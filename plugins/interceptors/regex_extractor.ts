import { choice, ConfigError, defineInterceptor, map, type Pattern, regex, text, z } from "sluice/plugin";
import { JodaFormat } from "../../protocols/joda_format.ts";
import { extractGroups, type Field } from "./_extract/fields.ts";
import { KnownTexts } from "./_extract/known_texts.ts";

const PASS_THROUGH = "org.apache.flume.interceptor.RegexExtractorInterceptorPassThroughSerializer";
const MILLIS = "org.apache.flume.interceptor.RegexExtractorInterceptorMillisSerializer";

const serializer = z.object({
  type: choice(["default", "millis", PASS_THROUGH, MILLIS]).default("default")
    .describe("default: the text as it stands. millis: a date, in milliseconds since 1970."),
  name: text().describe("Header that gets the value."),
  pattern: text().optional().describe(
    "How a date is written, in Joda's letters, such as yyyy-MM-dd HH:mm:ss.",
  ),
});

const config = {
  regex: regex().describe("Pattern with groups; the first match in the body counts."),
  serializers: map(serializer, { named: true }).describe("One for each group, in the order of the groups."),
  header: text().optional().describe("Look into this header instead of the body."),
};

type Serializers = Readonly<Record<string, z.output<typeof serializer>>>;

export default defineInterceptor({
  name: "regex_extractor",
  aliases: [
    "org.apache.flume.interceptor.RegexExtractorInterceptor$Builder",
    "org.apache.flume.interceptor.RegexExtractorInterceptor",
  ],
  summary: "Makes headers of the groups of a pattern.",
  about:
    "An event without a match passes as it is. A group that took no part in the match sets no header. A date that " +
    "cannot be read sets no header and is counted as `DateParseFailCount`; Flume fails the whole batch there. " +
    "Dates without a zone are in the zone of this machine. Own serializer classes and `header` differ from Flume: " +
    "the first cannot be run, the second is new.",
  config,
  check: ({ regex, serializers }) => complaints(regex, serializers),
  examples: [{
    title: "Address, time and method of an access log",
    yaml: `source: { type: stdin }
interceptors:
  - type: regex_extractor
    regex: '^(\\S+) \\S+ \\S+ \\[([^\\]]+)\\] "([A-Z]+) '
    serializers:
      ip: { name: client }
      at: { name: timestamp, type: millis, pattern: "dd/MMM/yyyy:HH:mm:ss Z" }
      method: { name: method }
sink: { type: stdout, codec: json }`,
  }],
  create({ regex, serializers, header }, { counters }) {
    const [complaint] = complaints(regex, serializers);
    if (complaint) throw new ConfigError(complaint.text);
    const fields = Object.values(serializers).slice(0, regex.groupCount).map((settings): Field => {
      const known = new KnownTexts();
      if (!isMillis(settings.type)) return { name: settings.name, known };
      const format = new JodaFormat(settings.pattern!);
      return { name: settings.name, known, convert: (text) => format.parse(text)?.toString() };
    });
    const countFailures = (failures: number) => counters.add("DateParseFailCount", failures);
    return { intercept: (batch) => extractGroups(batch, { pattern: regex, header, fields, countFailures }) };
  },
});

function isMillis(type: string): boolean {
  return type === "millis" || type === MILLIS;
}

function complaints(pattern: Pattern, serializers: Serializers) {
  const found: { key: string; text: string; fix: string }[] = [];
  const names = Object.keys(serializers);
  if (names.length === 0 || pattern.groupCount < names.length) {
    found.push({
      key: "serializers",
      text: `regex has ${pattern.groupCount} groups, but there are ${names.length} serializers`,
      fix: "name one serializer for each group, in the order of the groups",
    });
  }
  for (const [name, { type, pattern }] of Object.entries(serializers)) {
    const reason = isMillis(type) ? JodaFormat.complaint(pattern ?? "") : undefined;
    if (reason === undefined) continue;
    found.push({
      key: `serializers.${name}.pattern`,
      text: `Cannot use date pattern "${pattern ?? ""}": ${reason}`,
      fix: "write a date pattern such as yyyy-MM-dd HH:mm:ss",
    });
  }
  return found;
}
