import { ConfigError, type Context } from "sluice/plugin";
import { LocalStore } from "./stores/local_store.ts";
import type { HdfsSettings } from "./fields.ts";
import { openS3Store } from "./stores/s3_settings.ts";
import type { FileStore } from "./stores/store.ts";
import { WebHdfsStore } from "./stores/web_hdfs_store.ts";

const WEB_PORT = 9870;
const SECURE_WEB_PORT = 9871;
/** The longest wait for an answer. */
const MAX_CALL_MS = 86_400_000;

/** What `hdfs.path` says, taken apart. */
export interface Target {
  /** `hdfs`, `webhdfs`, `swebhdfs`, `file` or `s3`. */
  readonly scheme: string;
  /** Host and port, or a bucket; empty where the path alone is given. */
  readonly authority: string;
  /** Below the root, with its escapes, without slashes at its ends. */
  readonly path: string;
}

/** @throws {SyntaxError} when it is no place that files can be sent to. */
export function parseTarget(path: string, hasNameNodes: boolean): Target {
  const [, scheme, authority = "", rest = path] = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)(.*)$/is.exec(path) ?? [];
  const below = rest.replaceAll(/\/{2,}/g, "/").replaceAll(/^\/|\/$/g, "");
  if (scheme === undefined) {
    if (hasNameNodes && rest.startsWith("/")) return { scheme: "hdfs", authority: "", path: below };
    throw new SyntaxError(`"${path}" does not say on which file system: core-site.xml is not read`);
  }
  const known = scheme.toLowerCase();
  if (!/^(s?webhdfs|hdfs|file|s3a?|s3n)$/.test(known)) {
    throw new SyntaxError(`"${scheme}://" is not known: there are hdfs, webhdfs, swebhdfs, file and s3`);
  }
  if (authority.includes("%")) throw new SyntaxError(`"${authority}" has an escape: one sink has one target`);
  if (known === "file" && authority !== "") {
    throw new SyntaxError(
      `"${authority}" stands where file:// has nothing: write file:///${authority}${rest}`,
    );
  }
  if (known.startsWith("s3") && authority === "") throw new SyntaxError(`"${path}" names no bucket`);
  if (authority === "" && /hdfs$/.test(known) && !hasNameNodes) {
    throw new SyntaxError(`"${path}" names no NameNode: core-site.xml is not read`);
  }
  return { scheme: known.startsWith("s3") ? "s3" : known, authority, path: below };
}

/** The web addresses of the NameNodes. */
function nameNodesOf({ scheme, authority }: Target, nameNodes: readonly string[]): readonly string[] {
  if (nameNodes.length > 0) return nameNodes;
  const [, host = authority, port] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? [];
  if (scheme === "swebhdfs") return [`https://${host}:${port ?? SECURE_WEB_PORT}`];
  // The port of an hdfs:// path is that of Hadoop's own protocol.
  return [`http://${host}:${scheme === "webhdfs" && port ? port : WEB_PORT}`];
}

/** Opens the target; an address that nobody answers at shows when something is sent. @throws {ConfigError} */
export async function openTarget(settings: HdfsSettings, context: Context): Promise<FileStore> {
  const target = parseTarget(settings["hdfs.path"], settings["hdfs.nameNodes"].length > 0);
  if (target.scheme === "file") return LocalStore.open("/", fixedFolder(target.path));
  const timeoutMs = timeoutOf(settings["hdfs.callTimeout"]);
  if (target.scheme === "s3") {
    const stateDir = `${context.stateDir}/hdfs/${context.name}`;
    const caCerts = await authoritiesOf(settings);
    return openS3Store({ bucket: target.authority, prefix: "", timeoutMs, caCerts }, settings, {
      ...context,
      stateDir,
    });
  }
  const authorities = await authoritiesOf(settings);
  const { "hdfs.login.user": username, "hdfs.login.password": password = "" } = settings;
  return new WebHdfsStore({
    nameNodes: nameNodesOf(target, settings["hdfs.nameNodes"]),
    root: "/",
    notesPath: `${context.stateDir}/hdfs/${context.name}/names.json`,
    callTimeoutMs: timeoutMs,
    user: settings["hdfs.user"] ?? environment("HADOOP_USER_NAME") ?? environment("USER"),
    doAs: settings["hdfs.proxyUser"],
    delegationToken: settings["hdfs.delegationToken"],
    ...username !== undefined && { login: { username, password } },
    replication: settings["hdfs.replication"],
    blockBytes: settings["hdfs.blockSize"],
    permission: settings["hdfs.permission"],
    ...authorities && { tls: { trustsAll: false, checksName: true, authorities } },
  });
}

/** To Flume, none is no limit; a connection that nobody ends would keep its file for ever. */
function timeoutOf(callTimeoutMs: number): number {
  return callTimeoutMs > 0 ? Math.min(callTimeoutMs, MAX_CALL_MS) : MAX_CALL_MS;
}

/** What files are sent to; `isSameTarget` compares two such names. */
export function targetName(settings: HdfsSettings): string {
  const target = parseTarget(settings["hdfs.path"], settings["hdfs.nameNodes"].length > 0);
  const { scheme, authority } = target;
  if (scheme === "file") return scheme;
  if (scheme === "s3") return [scheme, authority, settings["s3.endpoint"] ?? ""].join(" ");
  return [scheme, authority, ...nameNodesOf(target, settings["hdfs.nameNodes"])].join(" ");
}

/**
 * Whether two names lead to the same files. A cluster is known by any of its NameNodes, for their list may grow or change its
 * order, and not by its nameservice, for two clusters may call theirs the same.
 */
export function isSameTarget(one: string, other: string): boolean {
  const known = nodesIn(one);
  return one === other || nodesIn(other).some((node) => known.includes(node));
}

/** None of what is not HDFS. */
function nodesIn(target: string): readonly string[] {
  const [scheme = "", , ...nodes] = target.split(" ");
  return /hdfs$/.test(scheme) ? nodes.map((node) => URL.parse(node)?.href ?? node) : [];
}

/** The folders in front of the first escape; they are not made again when they vanish, for a disk may be mounted there. */
function fixedFolder(path: string): string {
  const names = path.split("/");
  const first = names.findIndex((name) => name.includes("%"));
  return `/${names.slice(0, first < 0 ? names.length : first).join("/")}`;
}

/** Whom to trust beside those that the system knows, if anybody is named. */
async function authoritiesOf({ "hdfs.caFile": path }: HdfsSettings): Promise<string[] | undefined> {
  if (path === undefined) return undefined;
  try {
    return [await Deno.readTextFile(path)];
  } catch (cause) {
    throw new ConfigError(`Cannot read "${path}" of hdfs.caFile`, { cause });
  }
}

/** In a sandbox that does not grant the variable it counts as unset. */
function environment(name: string): string | undefined {
  try {
    return Deno.env.get(name) || undefined;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) return undefined;
    throw cause;
  }
}
