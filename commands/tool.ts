import { defineCommand } from "./command.ts";
import { usageError } from "./exit.ts";
import { FLUME_OPTIONS } from "./_flume/options.ts";
import { flumeWords } from "./_flume/words.ts";

const options = {
  dataDirs: { type: "string", short: "l", value: "DIRS", about: "Data folders, parted by commas." },
  eventValidator: { type: "string", short: "e", value: "CLASS", about: "A Java class; it cannot be run." },
  define: {
    type: "string",
    short: "D",
    value: "NAME=VALUE",
    multiple: true,
    about: "Settings of that class.",
  },
  ...FLUME_OPTIONS,
} as const;

export default defineCommand({
  name: "tool",
  summary: "Says what takes the place of flume-ng's tools.",
  usage: ["tool fcintegritytool -l DIRS"],
  about: "sluice journal verify checks a journal, and sluice journal repair moves what is damaged aside.\n" +
    "The logs of Flume's own file channel are read by sluice adopt, which tells of damaged events.",
  options,
  rewrite: flumeWords(options),
  positionals: { min: 0, max: 1, complete: ["fcintegritytool"] },
  example: "sluice journal verify ~/.sluice/a1-1a2b3c4d/journal",
  exitCodes: ["usage"],
  run({ values: { dataDirs = "" }, positionals: [word = ""] }) {
    if (word.toLowerCase() !== "fcintegritytool") {
      throw usageError(
        word === "" ? "tool needs a name" : `There is no tool "${word}"`,
        "Flume's only one is fcintegritytool; here it is: sluice journal verify FOLDER",
      );
    }
    const folders = dataDirs.split(",").map((one) => one.trim()).filter((one) => one !== "").join(" ") ||
      "FOLDER";
    throw usageError(
      "fcintegritytool is a part of `sluice journal` here",
      `write: sluice journal verify ${folders}  then: sluice journal repair ${folders}`,
    );
  },
});
