import { choice, defineCodec, int } from "sluice/plugin";

// A plugin, though not in plugins/.
// deno-lint-ignore sluice/default-exports
export default defineCodec({
  name: "lines",
  aliases: ["LINE"],
  summary: "One reading in each line.",
  config: {
    maxLineLength: int({ min: 1 }).default(2048).describe("Longest line."),
    charset: choice(["UTF-8", "ASCII"]).default("UTF-8").describe("Charset of the lines."),
  },
  examples: [],
  create: () => ({}),
});
