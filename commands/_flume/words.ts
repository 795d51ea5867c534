import type { CommandOptions } from "../command.ts";

/** Options of Flume that have several letters behind one dash. */
const SHORT_WORDS: Readonly<Record<string, string>> = {
  "-user": "--conf-user",
  "-pwd": "--conf-password",
  "-prov": "--conf-provider",
};

/** Options for the Java virtual machine, which are passed to it as they are. */
const JAVA_WORD = /^-(?:X|agentlib|agentpath|javaagent)/;

/**
 * Writes the words of a flume-ng command line as node's parser reads them: `-user`, long names behind one dash, and
 * options for the Java virtual machine.
 */
export function flumeWords(options: CommandOptions): (written: readonly string[]) => string[] {
  return (written) =>
    written.map((word, at) => {
      if (at > 0 && takesValue(written[at - 1]!, options)) return word;
      if (JAVA_WORD.test(word)) return `--java-option=${word}`;
      if (Object.hasOwn(SHORT_WORDS, word)) return SHORT_WORDS[word]!;
      return /^-[^-=][^=]+$/.test(word) && Object.hasOwn(options, word.slice(1)) ? `-${word}` : word;
    });
}

/** Whether the word behind this one is its value. */
function takesValue(word: string, options: CommandOptions): boolean {
  const name = SHORT_WORDS[word]?.slice(2) ?? word.replace(/^--?/, "");
  return Object.entries(options).some(([long, { short, type }]) =>
    type === "string" && word.startsWith("-") && (long === name || short === name)
  );
}
