import { bool, defineInterceptor, type EventBatch, type Pattern, regex, text } from "sluice/plugin";

export default defineInterceptor({
  name: "regex_filter",
  aliases: [
    "org.apache.flume.interceptor.RegexFilteringInterceptor$Builder",
    "org.apache.flume.interceptor.RegexFilteringInterceptor",
  ],
  summary: "Keeps or drops events in which a pattern is found.",
  about:
    "The pattern may match anywhere in the body, unless it says `^` and `$`. Dropped events count as delivered. " +
    "`header` is not Flume's.",
  config: {
    regex: regex().prefault(".*").describe("Pattern to look for."),
    excludeEvents: bool().default(false).describe("Drop the events with a match instead of keeping them."),
    header: text().optional().describe(
      "Look into this header instead of the body; without it there is no match.",
    ),
  },
  examples: [{
    title: "Only server errors of an access log",
    yaml: `source: { type: stdin }
interceptors: [{ type: regex_filter, regex: '" 5\\\\d\\\\d ' }]
sink: { type: stdout }`.replaceAll("\\\\", "\\"),
  }, {
    title: "Without health checks",
    yaml: `source: { type: stdin }
interceptors: [{ type: regex_filter, regex: GET /healthz, excludeEvents: true }]
sink: { type: stdout }`,
  }],
  create: ({ regex, excludeEvents, header }) => ({
    intercept(batch) {
      const found = header === undefined ? regex.testAll(batch) : testHeader(regex, batch, header);
      const kept = excludeEvents ? 0 : 1;
      return batch.filter((index) => found[index] === kept);
    },
  }),
});

function testHeader(pattern: Pattern, batch: EventBatch, name: string): Uint8Array {
  const column = batch.headers.get(name);
  const found = new Uint8Array(batch.size);
  if (typeof column === "string") return found.fill(pattern.test(column) ? 1 : 0);
  column?.forEach((value, index) => found[index] = value !== undefined && pattern.test(value) ? 1 : 0);
  return found;
}
