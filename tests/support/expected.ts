import { createHash } from "node:crypto";

/** What a pipeline is given and what must come out, as its `.expected` file tells; see pipelines/README.md. */
export interface Expected {
  /** A real server without which it cannot run; a test of its own gives it one. */
  readonly needs?: string;
  /** A file for standard input. */
  readonly stdin?: string;
  /** Files for the folder `in`. */
  readonly put: readonly string[];
  /** Files to post to the http source, each with its content type. */
  readonly post: readonly { readonly file: string; readonly contentType: string }[];
  /** Files to send to its source over TCP, each over a connection of its own … */
  readonly tcp: readonly string[];
  /** … and over UDP, each line a datagram. */
  readonly udp: readonly string[];
  /** Whether it runs until it is stopped. */
  readonly isEndless: boolean;
  readonly outputs: readonly Output[];
}

/** One section of the file. */
export interface Output {
  /** `stdout`, or a pattern of paths that begin with `out/`: `*` stands for one name, `**` at the end for all below. */
  readonly pattern: string;
  readonly form: OutputForm;
  readonly text: string;
}

/** The lines as they are; sorted, where several sinks share them; or their number and checksum. */
export type OutputForm = "plain" | "sorted" | "counted";

const SECTION = /^--- (\S+)(?: (sorted|counted))?$/;

/** Reads an `.expected` file. */
export function parseExpected(text: string): Expected {
  const { head, sections } = splitSections(text);
  const settings = head.split("\n").filter((line) => /^\w+:/.test(line)).map((line) => line.split(/:? +/));
  const of = (name: string) => settings.filter(([key]) => key === name);
  const [stdin, needs] = [of("stdin")[0]?.[1], of("needs")[0]?.[1]];
  return {
    ...stdin === undefined ? {} : { stdin },
    ...needs === undefined ? {} : { needs },
    put: of("put").map(([, file]) => file!),
    post: of("post").map(([, file, contentType]) => ({
      file: file!,
      contentType: contentType ?? "text/plain",
    })),
    tcp: of("tcp").map(([, file]) => file!),
    udp: of("udp").map(([, file]) => file!),
    isEndless: of("ends").some(([, when]) => when === "when-stopped"),
    outputs: sections.map(parseOutput),
  };
}

/** What stands in front of the sections, and the sections as they are written. */
function splitSections(text: string): { readonly head: string; readonly sections: readonly string[] } {
  const start = text.search(/^--- /m);
  if (start < 0) return { head: text, sections: [] };
  return { head: text.slice(0, start), sections: text.slice(start).split(/^(?=--- )/m) };
}

function parseOutput(section: string): Output {
  const newline = section.indexOf("\n");
  const [, pattern, form = "plain"] = SECTION.exec(section.slice(0, newline)) ?? [];
  if (pattern === undefined) {
    throw new Error(`Cannot read "${section.slice(0, newline)}" as the head of a section`);
  }
  return { pattern, form: form as OutputForm, text: section.slice(newline + 1) };
}

/** The section as it comes out of a run: `folder` holds `out`. */
export function gather({ pattern, form }: Output, folder: string, stdout: string): string {
  if (pattern === "stdout") return shape(stdout, form);
  const paths = listFiles(folder).filter((path) => matches(pattern, path));
  if (form !== "counted") return shape(readAll(folder, paths), form);
  const groups = Map.groupBy(paths, (path) => groupOf(pattern, path));
  return [...groups].map(([group, members]) => `${group}: ${shape(readAll(folder, members), form)}`).join("");
}

/** Whether a path is one that the pattern means. */
export function matches(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.at(-1) === "**") return given.length >= wanted.length && same(wanted.slice(0, -1), given);
  return wanted.length === given.length && same(wanted, given);
}

function same(wanted: readonly string[], given: readonly string[]): boolean {
  return wanted.every((part, at) => part === "*" || part === given[at]);
}

/** File names hold the time, folders do not: lines are counted by folder, or all together for `**`. */
function groupOf(pattern: string, path: string): string {
  return pattern.endsWith("/**") ? pattern : path.slice(0, path.lastIndexOf("/"));
}

function readAll(folder: string, paths: readonly string[]): string {
  return paths.map((path) => Deno.readTextFileSync(`${folder}/${path}`)).join("");
}

function shape(text: string, form: OutputForm): string {
  if (form === "plain" || text === "") return text;
  const lines = text.replace(/\n$/, "").split("\n").sort();
  if (form === "sorted") return `${lines.join("\n")}\n`;
  const checksum = createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 12);
  return `${lines.length} lines ${checksum}\n`;
}

/** The files below a folder, hidden ones left out, sorted. */
export function listFiles(folder: string, below = ""): string[] {
  try {
    const entries = Array.from(Deno.readDirSync(`${folder}/${below}`)).filter(({ name }) =>
      !name.startsWith(".")
    );
    return entries.flatMap(({ name, isDirectory }) =>
      isDirectory ? listFiles(folder, `${below}${name}/`) : [`${below}${name}`]
    ).sort();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return [];
    throw cause;
  }
}

/** Writes what came for each expected output into a `.expected` file, whose text was this. */
export async function updateExpected(path: string, text: string, outputs: readonly string[]): Promise<void> {
  const { head, sections } = splitSections(text);
  const renewed = sections.map((section, at) =>
    `${section.slice(0, section.indexOf("\n") + 1)}${outputs[at]}`
  );
  await Deno.writeTextFile(path, head + renewed.join(""));
}
