import { checkHdfsSink, roundingOf } from "./check.ts";
import type { HdfsSettings } from "./fields.ts";
import { describeFiles, type RollSettings, smallFilesFault, unfinishedFault } from "./files_per_day.ts";
import { missingCredential } from "./stores/s3_settings.ts";
import { parseTarget, type Target } from "./target.ts";

/** Folders that a restart of the machine or container empties. */
const PASSING = /^\/(?:tmp|var\/tmp|dev\/shm|run)\//;

/** What runs, but hardly as it was meant. */
export function cautionsOf(settings: HdfsSettings, { stateDir }: { readonly stateDir: string }) {
  const target = targetOf(settings);
  return [
    ...portCaution(target, settings),
    ...smallFilesCaution(settings),
    ...unfinishedCaution(settings),
    ...target.scheme === "s3" ? credentialsCaution(settings) : [],
    ...stateCaution(settings, stateDir),
  ];
}

/** How many files a day the settings make. */
export function outlookOf(settings: HdfsSettings): readonly string[] {
  return checkHdfsSink(settings).length > 0 ? [] : describeFiles(rollsOf(settings));
}

function targetOf(settings: HdfsSettings): Target {
  return parseTarget(settings["hdfs.path"], settings["hdfs.nameNodes"].length > 0);
}

function rollsOf(settings: HdfsSettings): RollSettings {
  const { path, scheme } = targetOf(settings);
  return {
    path,
    round: roundingOf(settings),
    rollIntervalMs: settings["hdfs.rollInterval"] * 1000,
    rollBytes: settings["hdfs.rollSize"],
    rollEvents: settings["hdfs.rollCount"],
    idleMs: settings["hdfs.idleTimeout"] * 1000,
    ...blockOf(scheme, settings),
  };
}

/** A local disk has neither blocks nor a NameNode; in a bucket what is read at once counts. */
function blockOf(scheme: string, settings: HdfsSettings): Pick<RollSettings, "blockBytes" | "blockName"> {
  if (scheme === "file") return { blockBytes: 0 };
  if (scheme === "s3") return { blockName: "a good size for queries" };
  return { blockBytes: settings["hdfs.blockSize"] };
}

function unfinishedCaution(settings: HdfsSettings) {
  const [text, fix] = unfinishedFault(rollsOf(settings))?.split(/: (?=set )/) ?? [];
  return text === undefined ? [] : [{ key: "hdfs.rollInterval", text, ...fix && { fix } }];
}

/** Half of them is an error anyway. Variables may be others where the pipeline is going to run. */
function credentialsCaution(settings: HdfsSettings) {
  if (settings["s3.accessKeyId"] !== undefined) return [];
  const missing = missingCredential(settings);
  return missing === undefined ? [] : [{ key: "hdfs.path", ...missing }];
}

function portCaution({ scheme, authority }: Target, settings: HdfsSettings) {
  const [, host, port] = /^(.*):(\d+)$/.exec(authority) ?? [];
  if (scheme !== "hdfs" || port === undefined || settings["hdfs.nameNodes"].length > 0) return [];
  return [{
    key: "hdfs.path",
    text:
      `port ${port} is that of Hadoop's own protocol, and not used: the NameNode is asked at http://${host}:9870`,
    fix: `write hdfs.nameNodes: http://${host}:9870, with the web port that it has`,
  }];
}

function stateCaution({ durable }: HdfsSettings, stateDir: string) {
  if (durable !== "stage" || !PASSING.test(stateDir)) return [];
  return [{
    key: "durable",
    text:
      `the state folder "${stateDir}" does not outlive a restart of the machine: what is delivered and not yet sent is lost with it`,
    fix: "set stateDir to a lasting folder, or durable: append",
  }];
}

function smallFilesCaution(settings: HdfsSettings) {
  const [text, fix] = smallFilesFault(rollsOf(settings))?.split(/: (?=set )/) ?? [];
  if (text === undefined || fix === undefined) return [];
  const key = /rollCount|rollSize|rollInterval/.exec(fix)?.[0] ?? "rollInterval";
  return [{ key: `hdfs.${key}`, text, fix }];
}
