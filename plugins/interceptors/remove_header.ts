import { defineInterceptor, list, regex, text } from "sluice/plugin";

export default defineInterceptor({
  name: "remove_header",
  aliases: [
    "org.apache.flume.interceptor.RemoveHeaderInterceptor$Builder",
    "org.apache.flume.interceptor.RemoveHeaderInterceptor",
  ],
  summary: "Removes headers by name, list or pattern.",
  about: "A header is removed when any of the three settings names it. Without a setting nothing is removed.",
  config: {
    withName: text().optional().describe("Name of one header."),
    fromList: list({ separator: /(?!)/ }).default([]).describe("Names, split by fromListSeparator."),
    fromListSeparator: regex().prefault("\\s*,\\s*").describe("What stands between names in fromList."),
    matching: regex().optional().describe("Headers whose whole name matches."),
  },
  examples: [{
    title: "Drop what only the collector needed",
    yaml: `source: { type: stdin }
interceptors:
  - { type: static, headers: { internal.node: n1, team: checkout } }
  - { type: remove_header, matching: "internal\\\\..*" }
sink: { type: stdout, codec: json }`,
  }],
  create({ withName, fromList, fromListSeparator, matching }) {
    const separator = fromListSeparator.regexp;
    const listed = new Set(fromList.flatMap((names) => names.trim().split(separator)));
    const isRemoved = (name: string) => name === withName || listed.has(name) || matching?.matches(name);
    return {
      intercept(batch) {
        const kept = Array.from(batch.headers).filter(([name]) => !isRemoved(name));
        return kept.length === batch.headers.size ? batch : batch.with({ headers: new Map(kept) });
      },
    };
  },
});
