/** When a pipeline file is read again. */
export interface ReloadOptions {
  readonly file: string;
  /** Also when the file's text has changed. */
  readonly isWatched: boolean;
  onReload(why: string): void;
}

const LOOK_MS = 1000;

/** Asks for a reload at each SIGHUP, and at each change of a watched file; listens until the answer is called. */
export function listenForReload(options: ReloadOptions): () => void {
  const unlisten = [listenForHangup(options)];
  if (options.isWatched) unlisten.push(watchFile(options));
  return () => unlisten.forEach((stop) => stop());
}

/** A terminal that is closed sends SIGHUP, too: then the program ends, as any other there. */
function listenForHangup({ onReload }: ReloadOptions): () => void {
  if (Deno.build.os === "windows" || Deno.stderr.isTerminal()) return () => {};
  const listener = () => onReload("SIGHUP");
  Deno.addSignalListener("SIGHUP", listener);
  return () => Deno.removeSignalListener("SIGHUP", listener);
}

/** Looks at the text and not for events of the file system: editors and mounted volumes replace files in many ways. */
function watchFile({ file, onReload }: ReloadOptions): () => void {
  let known = readText(file);
  const timer = setInterval(() => {
    const text = readText(file);
    // A file that is gone for a moment is being replaced.
    if (text === undefined || text === known) return;
    known = text;
    onReload(`${file} changed`);
  }, LOOK_MS);
  return () => clearInterval(timer);
}

function readText(file: string): string | undefined {
  try {
    return Deno.readTextFileSync(file);
  } catch {
    return undefined;
  }
}
