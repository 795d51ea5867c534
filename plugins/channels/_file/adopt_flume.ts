import { join } from "node:path";
import { homedir } from "node:os";
import { type Adoption, EventBatch } from "sluice/plugin";
import type { LoggedEvent } from "../../../protocols/flume_log.ts";
import { type EventPlace, replayLogs } from "./flume_queue.ts";
import { type FlumeLog, listLogs, OpenLog } from "./flume_logs.ts";
import { findUser } from "./folder_user.ts";

/** Where Flume keeps a file channel unless it is told otherwise. */
const DEFAULT_FOLDER = "~/.flume/file-channel/data";
const BATCH_EVENTS = 1000;
const BATCH_BYTES = 1024 * 1024;

/**
 * Finds the events that Flume's file channel held. Takes that were given back, or never committed, count as not taken.
 * @throws {Error} when its logs cannot be read, or the agent is at work.
 */
export function adoptFlumeChannel(dataDirs: readonly string[] | undefined): Adoption {
  const written = dataDirs?.length ? dataDirs : [DEFAULT_FOLDER];
  const folders = written.map((folder) =>
    folder.startsWith("~/") ? join(homedir(), folder.slice(2)) : folder
  );
  const shown = folders.join(", ");
  const user = findUser(folders);
  if (user !== undefined) {
    throw new Error(`${shown} is in use by ${user}: stop the agent first, Flume or Sluice`);
  }
  const logs = listLogs(folders);
  if (logs.length === 0) return { found: [`No logs of Flume in ${shown}`], warnings: [] };
  const { places, damage, lastOrder } = replayLogs(logs);
  return {
    found: [`${places.length} events in ${logs.length} logs of Flume in ${shown}`],
    warnings: damage,
    events: {
      size: places.length,
      mark: String(lastOrder),
      read: (from) => readEvents(logs, places.slice(from)),
    },
  };
}

async function* readEvents(
  logs: readonly FlumeLog[],
  places: readonly EventPlace[],
): AsyncGenerator<EventBatch> {
  const open = new Map<number, OpenLog>();
  try {
    let [events, bytes]: [LoggedEvent[], number] = [[], 0];
    for (const { fileId, offset } of places) {
      const log = open.get(fileId) ?? new OpenLog(logs.find((one) => one.fileId === fileId)!.path);
      open.set(fileId, log);
      const event = log.eventAt(offset);
      events.push(event);
      bytes += event.body.length;
      if (events.length < BATCH_EVENTS && bytes < BATCH_BYTES) continue;
      yield EventBatch.from(events);
      [events, bytes] = [[], 0];
    }
    if (events.length > 0) yield EventBatch.from(events);
  } finally {
    for (const log of open.values()) log.close();
  }
}
