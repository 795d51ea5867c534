/** What the words for the Java virtual machine say. */
export interface JavaOptions {
  /** `NAME=VALUE` of each `-D`, in order. */
  readonly defined: readonly string[];
  /** Words such as `-Xmx512m`, for which there is no machine. */
  readonly ignored: readonly string[];
}

/** Sorts the words of a variable such as `JAVA_OPTS`, which the shell splits at white space. */
export function javaOptions(written: string): JavaOptions {
  const words = written.split(/\s+/).filter((word) => word !== "");
  return {
    defined: words.filter((word) => /^-D./.test(word)).map((word) => word.slice(2)),
    ignored: words.filter((word) => !/^-D./.test(word)),
  };
}
