const PROCESSES = "/proc";

/**
 * Another process that has a file of these folders open, on Linux, as far as this user may see it. Flume's own lock files
 * tell nothing: Java lets go of a lock when it closes the file a second time, and Flume does.
 */
export function findUser(folders: readonly string[]): string | undefined {
  const wanted = folders.map((folder) => `${realPath(folder)}/`);
  for (const pid of entriesOf(PROCESSES)) {
    if (!/^\d+$/.test(pid) || Number(pid) === Deno.pid) continue;
    const open = entriesOf(`${PROCESSES}/${pid}/fd`);
    const isUser = open.some((fd) => {
      const target = linkOf(`${PROCESSES}/${pid}/fd/${fd}`);
      return wanted.some((folder) => target.startsWith(folder));
    });
    if (isUser) return `process ${pid}`;
  }
  return undefined;
}

function entriesOf(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return "";
  }
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
