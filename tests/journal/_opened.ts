import {
  type ChannelState,
  denoDisk,
  type Disk,
  type DiskFile,
  FRAME_HEAD_BYTES,
  Journal,
  type JournalOptions,
  type NewFrame,
} from "../../journal/mod.ts";

/** Runs a test in a folder of its own. */
export async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "journal-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Opens a journal in a folder, with the checkpoint beside the segments. */
export function openIn(folder: string, options: Partial<JournalOptions> = {}): Promise<Journal> {
  return Journal.open({
    folders: [`${folder}/segments`],
    checkpointFolder: `${folder}/checkpoint`,
    ...options,
  });
}

/** A frame with a text as its payload. */
export function frame(text: string, channels: readonly ChannelState[], count = 1): NewFrame {
  const payload = new TextEncoder().encode(text);
  const bytes = new Uint8Array(FRAME_HEAD_BYTES + payload.length);
  bytes.set(payload, FRAME_HEAD_BYTES);
  return { bytes, count, channels: channels.map(({ id }) => id) };
}

/** Puts one frame and waits for its commit. */
export async function put(
  journal: Journal,
  text: string,
  channels: readonly ChannelState[],
): Promise<number> {
  const { sequence, committed } = journal.append([frame(text, channels)]);
  await committed;
  return sequence;
}

/** The texts of all committed frames of a channel from a sequence on. */
export async function readTexts(
  journal: Journal,
  { id, cursor }: ChannelState,
  from = cursor,
): Promise<string[]> {
  const reader = journal.reader(id, from);
  const texts: string[] = [];
  const room = (bytes: number) => new Uint8Array(bytes);
  for (let read = await reader.next(room); read; read = await reader.next(room)) {
    texts.push("fault" in read ? `! ${read.count}` : new TextDecoder().decode(read.payload));
  }
  reader.close();
  return texts;
}

/** Names of the segments in a folder. */
export function segmentNames(folder: string): string[] {
  return denoDisk.list(`${folder}/segments`).filter((name) => name.endsWith(".seg")).sort();
}

/** The disk of this machine, with a say in what it does. */
export function watchedDisk(
  watch: {
    write?: (path: string) => void;
    sync?: (path: string) => void | Promise<void>;
    freeBytes?: () => number;
  },
): Disk {
  const freeBytes = watch.freeBytes ?? denoDisk.freeBytes;
  return { ...denoDisk, open: (path, mode) => watchedFile(denoDisk.open(path, mode), watch), freeBytes };
}

function watchedFile(
  file: DiskFile,
  { write, sync }: { write?: (path: string) => void; sync?: (path: string) => void | Promise<void> },
): DiskFile {
  return {
    path: file.path,
    write(bytes, offset) {
      write?.(file.path);
      file.write(bytes, offset);
    },
    read: (into, offset) => file.read(into, offset),
    async sync() {
      await sync?.(file.path);
      await file.sync();
    },
    truncate: (bytes) => file.truncate(bytes),
    size: () => file.size(),
    close: () => file.close(),
  };
}
