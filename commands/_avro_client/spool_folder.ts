import { CommandError } from "../exit.ts";

/** What a file that was sent whole is renamed to, as a spooldir source does. */
const DONE_SUFFIX = ".COMPLETED";

/**
 * The files of a spool folder that wait, oldest first; hidden ones and those that are done are left.
 * @throws {CommandError} when the folder cannot be listed.
 */
export function waitingFiles(folder: string): string[] {
  try {
    const found: { readonly path: string; readonly changedMs: number }[] = [];
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      if (isDirectory || name.startsWith(".") || name.endsWith(DONE_SUFFIX)) continue;
      const path = `${folder.replace(/(?<=.)\/+$/, "")}/${name}`;
      const { isFile, mtime } = Deno.statSync(path);
      if (isFile) found.push({ path, changedMs: mtime?.getTime() ?? 0 });
    }
    found.sort((one, other) => one.changedMs - other.changedMs || (one.path < other.path ? -1 : 1));
    return found.map(({ path }) => path);
  } catch (cause) {
    throw new CommandError(`Cannot list the folder "${folder}"`, { cause, fix: "correct --dirname" });
  }
}

/**
 * Marks a file as sent.
 * @throws {CommandError} when its new name is taken.
 */
export async function completeFile(path: string): Promise<void> {
  const target = path + DONE_SUFFIX;
  if (await Deno.lstat(target).then(() => true, () => false)) {
    throw new CommandError(`"${path}" was sent, and cannot be marked: "${target}" exists`, {
      fix: "move both away; names in a spool folder are used once",
    });
  }
  await Deno.rename(path, target);
}
