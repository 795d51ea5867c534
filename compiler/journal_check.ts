import type { CheckedPart } from "./part_check.ts";
import type { SectionTools } from "./sections.ts";

/** What stands for the folder in the state folder that channels use which name none. */
const DEFAULT_FOLDER = "the default folder";

interface JournalFolders {
  readonly part: CheckedPart;
  /** All in which the journal is told from others, in one text. */
  readonly key: string;
  readonly folders: readonly string[];
}

/** Complains of channels whose journals have some folders in common, but not all: only one of them could start. */
export function checkJournals(channels: readonly CheckedPart[], { report }: SectionTools): void {
  const seen: JournalFolders[] = [];
  for (const part of channels) {
    if (!("checkpointDir" in (part.part.plugin.config as object))) continue;
    const own = foldersOf(part);
    if (seen.some(({ key }) => key === own.key)) continue;
    const other = seen.find(({ folders }) => folders.some((folder) => own.folders.includes(folder)));
    seen.push(own);
    if (!other) continue;
    const common = own.folders.find((folder) => other.folders.includes(folder))!;
    const { isWritten, placeOf } = part.checked;
    const field = ["checkpointDir", "dataDirs"].find((key) => isWritten(key));
    report.error("bad-combination", field === undefined ? part.place : placeOf(field), {
      text: `${part.title} and ${other.part.title} both use ${
        common === DEFAULT_FOLDER ? common : `"${common}"`
      }, but not the same journal`,
      fix: "write the same dataDirs and checkpointDir in both, or folders that have nothing in common",
    });
  }
}

function foldersOf(part: CheckedPart): JournalFolders {
  const { dataDirs, checkpointDir, useDualCheckpoints, backupCheckpointDir } = part.checked.config;
  const named = Array.isArray(dataDirs) ? dataDirs.map(folderText) : [];
  const data = named.length > 0 ? [...new Set(named)] : [DEFAULT_FOLDER];
  const checkpoint = checkpointDir === undefined ? data[0]! : folderText(checkpointDir);
  const backup = useDualCheckpoints === true && backupCheckpointDir !== undefined
    ? [folderText(backupCheckpointDir)]
    : [];
  return {
    part,
    key: [...data.toSorted(), checkpoint].join("\n"),
    folders: [...new Set([...data, checkpoint, ...backup])],
  };
}

/** `./journal//a/` → `journal/a`. */
function folderText(folder: unknown): string {
  return String(folder).replace(/\/+/g, "/").replace(/^(?:\.\/)+(?=.)/, "").replace(/(?<=.)\/$/, "");
}
