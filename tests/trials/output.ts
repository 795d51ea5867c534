import { Buffer } from "node:buffer";

/** A file that a sink wrote. */
export interface OutputFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The files of a folder in the order in which they were begun: `<start in ms>-<number>`. */
export function* readOutput(folder: string): Generator<OutputFile> {
  for (const name of outputNames(folder)) {
    yield { name, bytes: Buffer.from(Deno.readFileSync(`${folder}/${name}`)) };
  }
}

/** Bytes in all files of a folder. */
export function outputBytes(folder: string): number {
  return outputNames(folder).reduce((sum, name) => sum + sizeOf(`${folder}/${name}`), 0);
}

/** What the last two files hold: what came last may stand in front of a file that was just begun. */
export function endOfOutput(folder: string): string {
  return outputNames(folder).slice(-2).map((name) => textOf(`${folder}/${name}`)).join("");
}

/** Tells whether a sink has written since the last look: name and size of what it began last. */
export function lastOutput(folder: string): string {
  const name = outputNames(folder).at(-1);
  return name === undefined ? "" : `${name} ${sizeOf(`${folder}/${name}`)}`;
}

function outputNames(folder: string): string[] {
  const order = (name: string) => /(\d+)-(\d+)/.exec(name)?.slice(1).map(Number) ?? [0, 0];
  return listFolder(folder).sort((one, other) => {
    const [[ms, number], [otherMs, otherNumber]] = [order(one), order(other)];
    return ms! - otherMs! || number! - otherNumber!;
  });
}

function listFolder(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch {
    return [];
  }
}

/** A file may get its final name between two looks. */
function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}

function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
