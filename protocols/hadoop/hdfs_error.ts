// What goes wrong with HDFS: `RemoteException` as JSON ("WebHDFS REST API" of Hadoop's documentation, section "Error
// Responses"), and what happens below HTTP.

/** Says what a server of HDFS refused, or that it could not be reached. */
export class HdfsError extends Error {
  override readonly name = "HdfsError";
  /** Java's class name without its package; ours are "ConnectionLost", "TimedOut", "Aborted", "Closed", "OddAnswer" and "Http401" or the like. */
  readonly exception: string;
  /** The same may succeed later, without anybody changing a setting. */
  readonly canRetry: boolean;
  /** The server may have done what it was asked for. */
  readonly isOutcomeUnknown: boolean;

  constructor(text: string, facts: HdfsFault) {
    super(text, { ...facts.cause !== undefined && { cause: facts.cause } });
    this.exception = facts.exception;
    this.canRetry = facts.canRetry ?? !LASTING.has(facts.exception);
    this.isOutcomeUnknown = facts.isOutcomeUnknown ?? false;
  }
}

/** What is known of a failure. */
export interface HdfsFault {
  readonly exception: string;
  /** Unless given, told by the exception. */
  readonly canRetry?: boolean;
  readonly isOutcomeUnknown?: boolean;
  readonly cause?: unknown;
}

/** What was asked of whom. */
export interface HdfsCall {
  readonly op: string;
  readonly path: string;
  /** The host and port that was asked. */
  readonly host: string;
}

/** Until somebody changes a setting, a right, or the file system. */
const LASTING: ReadonlySet<string> = new Set([
  "AccessControlException",
  "AclException",
  "AuthenticationException",
  "AuthorizationException",
  "FileAlreadyExistsException",
  "FileNotFoundException",
  "Http400",
  "Http401",
  "Http403",
  "Http404",
  "Http405",
  "HadoopIllegalArgumentException",
  "IllegalArgumentException",
  "InvalidPathException",
  "InvalidToken",
  "IsDirectoryException",
  "MaxDirectoryItemsExceededException",
  "NotEnoughLength",
  "ParentNotDirectoryException",
  "PathComponentTooLongException",
  "PathIsNotEmptyDirectoryException",
  "SecurityException",
  "UnresolvedLinkException",
  "UnsupportedOperationException",
]);

/** What to do about it, by the exception. */
const FIXES: Readonly<Record<string, string>> = {
  StandbyException: "name both NameNodes of the pair, and see that one is active",
  SafeModeException: "wait until the NameNode has found its blocks, or see `hdfs dfsadmin -safemode get`",
  AccessControlException: "let this user write there, or name another one",
  AuthorizationException: "let this user act for others (hadoop.proxyuser.* of the server)",
  AlreadyBeingCreatedException: "it is open; of a lost writer it is free after one minute",
  RecoveryInProgressException: "the server is closing it for a lost writer; try again in some seconds",
  DSQuotaExceededException: "remove files, or raise the quota (hdfs dfsadmin -setSpaceQuota)",
  NSQuotaExceededException: "remove files, or raise the quota (hdfs dfsadmin -setQuota)",
  FileAlreadyExistsException: "remove it, or take another name",
  AuthenticationException: "see that user, password or token are right",
  InvalidToken: "get a new delegation token",
  Http401:
    "Kerberos is not spoken here: use a delegation token, or an HttpFS or Knox in front with a user and password",
  Http404: "see that the address is one of a NameNode's or HttpFS's web port, and WebHDFS is on",
  ConnectionLost: "see that it runs, and can be reached from here",
  TimedOut: "see how busy it is, or wait longer",
};
/** Some are told by their text alone. */
const BY_TEXT: readonly (readonly [RegExp, string])[] = [
  [/recovery is in progress/, "RecoveryInProgressException"],
  [/^Failed to \w+_FILE .*(lease|being created)/, "AlreadyBeingCreatedException"],
  [/^Source .* and destination .* must both be directories$/, "FileAlreadyExistsException"],
  [/Name node is in safe mode/, "SafeModeException"],
  [/^File does not exist: /, "FileNotFoundException"],
  [/^(Cannot truncate to a larger file size|Specified block size)/, "IllegalArgumentException"],
];
const GENERAL =
  /^(AuthenticationException|IOException|RemoteException|RetriableException|RuntimeException|SecurityException)$/;
const NO_BLOCK_FIX = "see that DataNodes live and have room (hdfs dfsadmin -report)";
const MAX_CHARS = 400;

/** Reads what a server answered with a status that is no success. */
export function refusal(call: HdfsCall, status: number, body: string): HdfsError {
  const remote = parseRemote(body);
  const exception = remote?.exception ?? `Http${status}`;
  const said = remote?.said ?? plainText(body);
  const fix = /could only be written to 0 of|Failed to find datanode/.test(said)
    ? NO_BLOCK_FIX
    : FIXES[exception];
  const text = `${call.host} refuses ${call.op} of "${call.path}": ${exception}`;
  return new HdfsError(`${text}${said && `: ${said}`}${fix ? ` (${fix})` : ""}`, {
    exception,
    ...remote === undefined && { canRetry: status === 408 || status === 429 || status >= 500 },
  });
}

/** Says that no answer came. */
export function failure(call: HdfsCall, fault: HdfsFault & { readonly what: string }): HdfsError {
  const fix = FIXES[fault.exception];
  const text = `No ${call.op} of "${call.path}" at ${call.host}: ${fault.what}`;
  return new HdfsError(`${text}${fix ? ` (${fix})` : ""}`, fault);
}

interface Remote {
  readonly exception: string;
  readonly said: string;
}

function parseRemote(body: string): Remote | undefined {
  if (!body.trimStart().startsWith("{")) return undefined;
  try {
    const remote = JSON.parse(body)?.RemoteException;
    if (typeof remote?.exception !== "string") return undefined;
    return unwrap({ exception: remote.exception, said: firstLine(String(remote.message ?? "")) });
  } catch {
    return undefined;
  }
}

/** DataNodes and HttpFS hand on what the NameNode said as the text of another exception. */
function unwrap({ exception, said }: Remote): Remote {
  const inner =
    /^(?:[\w.]+\.)?(?:RemoteException\()?[a-z][\w.]*\.(?:\w+\$)?(\w*(?:Exception|InvalidToken))\)?: /.exec(
      said,
    );
  const simple = exception.slice(exception.search(/[^.$]*$/));
  if (!GENERAL.test(simple)) return { exception: simple, said };
  if (inner) return { exception: inner[1]!, said: said.slice(inner[0].length) };
  return { exception: BY_TEXT.find(([text]) => text.test(said))?.[1] ?? simple, said };
}

function firstLine(text: string): string {
  const line = text.split("\n", 1)[0]!.trim();
  return line.length > MAX_CHARS ? `${line.slice(0, MAX_CHARS)}…` : line;
}

/** A page for people, as Jetty and proxies send. */
function plainText(body: string): string {
  const title = /<title>([^<]{0,200})<\/title>/i.exec(body)?.[1];
  return firstLine(title ?? (body.includes("<") ? "" : body));
}
