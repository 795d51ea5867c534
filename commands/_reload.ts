/** Hears of a configuration that changes. */
export interface ChangeListener {
  changed(why: string): void;
  /** It cannot be looked at for now; told once for each reason. */
  failed(text: string): void;
}

/** Asks for a reload at each SIGHUP until the answer is called. A terminal that is closed sends SIGHUP, too: then the program ends, as any other there. */
export function listenForHangup(onReload: (why: string) => void): () => void {
  if (Deno.build.os === "windows" || Deno.stderr.isTerminal()) return () => {};
  const listener = () => onReload("SIGHUP");
  Deno.addSignalListener("SIGHUP", listener);
  return () => Deno.removeSignalListener("SIGHUP", listener);
}

/**
 * Looks at the text of a file and not for events of the file system: editors and mounted volumes replace files in many
 * ways. `known` is the text that is at work. `lookMs` 0 never looks.
 */
export function watchFile(
  file: string,
  about: { readonly lookMs: number; readonly known?: string | undefined },
  { changed }: ChangeListener,
): () => void {
  if (about.lookMs === 0) return () => {};
  let known = about.known ?? readText(file);
  const timer = setInterval(() => {
    const text = readText(file);
    // A file that is gone for a moment is being replaced.
    if (text === undefined || text === known) return;
    known = text;
    changed(`${file} changed`);
  }, about.lookMs);
  return () => clearInterval(timer);
}

function readText(file: string): string | undefined {
  try {
    return Deno.readTextFileSync(file);
  } catch {
    return undefined;
  }
}
