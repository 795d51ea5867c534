import { defineInterceptor, map, regex, text, z } from "sluice/plugin";

// A plugin, though not in plugins/.
// deno-lint-ignore sluice/default-exports
export default defineInterceptor({
  name: "mark",
  aliases: ["org.example.MarkInterceptor$Builder"],
  summary: "Marks readings that match.",
  config: {
    key: text().default("mark").describe("Header to set."),
    value: text().default("yes").describe("Value to set."),
    regex: regex().optional().describe("What to look for."),
    serializers: map(z.object({ name: text(), type: text().default("default") }), { named: true }).default({})
      .describe("Headers to take from groups."),
    weight: z.int().positive().default(1).describe("How heavy it weighs."),
  },
  examples: [],
  create: () => ({ intercept: (batch) => batch }),
});
