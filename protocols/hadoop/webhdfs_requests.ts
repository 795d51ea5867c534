// How WebHDFS is asked: the query that each operation carries, the NameNode that is active, and the way to the DataNode
// that the NameNode sends to ("WebHDFS REST API" of Hadoop's documentation, "HTTP Query Parameter Dictionary").
import { failure, type HdfsCall, HdfsError, refusal } from "./hdfs_error.ts";
import { type HttpAnswer, HttpFault, type Wire } from "./http_answer.ts";
import { HttpCall, type HttpCallOptions, type HttpHost } from "./http_call.ts";

/** How servers are reached, and as whom. */
export interface WebHdfsOptions {
  /**
   * Web addresses of the NameNodes, the likely active one first, or of HttpFS or Knox in front of them:
   * `http://nn1:9870`, `https://knox:8443/gateway/default`.
   */
  readonly nameNodes: readonly string[];
  /** For each single wait: for a connection, an answer, or until bytes that are sent have left. */
  readonly callTimeoutMs: number;
  /** Opens a connection, with TLS where `isSecure`; a late one is closed. */
  connect(host: HttpHost): Promise<Wire>;
  /** Who asks, where the server believes what it is told. */
  readonly user?: string | undefined;
  /** On whose behalf, where the server lets `user` do so. */
  readonly doAs?: string | undefined;
  /** In the form for URLs, as `hadoop dtutil print` shows it; in place of `user`. */
  readonly delegationToken?: string | undefined;
  /** For HttpFS or Knox with HTTP Basic authentication. Told to those hosts only that `nameNodes` names. */
  readonly login?: { readonly username: string; readonly password: string } | undefined;
  /** Where to find a DataNode whose name does not lead to it from here: its `host:port` or `host` → the same of another. */
  readonly hosts?: Readonly<Record<string, string>> | undefined;
}

/** An operation on a path. */
export interface WebHdfsOp {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly op: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** To ask twice gives the same answer as once, so that a lost answer is asked for again elsewhere. */
  readonly isRepeatable: boolean;
}

const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const MAX_REFUSAL_BYTES = 1024 * 1024;
/** DataNodes that were tried in vain before giving up. */
const MAX_DATA_NODES = 3;

const ENDS = { broken: "ConnectionLost", late: "TimedOut", aborted: "Aborted" } as const;
/** Those that mean: this server cannot, and has not begun. */
const ELSEWHERE = /^(StandbyException|RetriableException|ConnectionLost|TimedOut|Http50[234])$/;
/** Of a proxy that does not know what became of it. */
const FROM_PROXY = /^Http50[24]$/;

/** Asks NameNodes, and opens requests to DataNodes. */
export class WebHdfsRequests {
  readonly #options: WebHdfsOptions;
  readonly #bases: readonly string[];
  readonly #calls = new Set<HttpCall>();
  readonly #login: string | undefined;
  #active = 0;
  #isClosed = false;

  constructor(options: WebHdfsOptions) {
    this.#options = options;
    this.#bases = options.nameNodes.map(toBase);
    this.#login = options.login && encodeLogin(options.login);
    if (this.#bases.length === 0) throw new RangeError("No NameNode is named");
  }

  /** The answer of the active NameNode as JSON. @throws {HdfsError} */
  async json(op: WebHdfsOp): Promise<Record<string, unknown>> {
    const { answer, call } = await this.#askActive(op);
    const text = await answer.text(MAX_ANSWER_BYTES).catch((cause) => {
      throw toError(call, cause, { isOutcomeUnknown: !op.isRepeatable });
    });
    if (answer.status >= 300) throw odd(call, `It sends to ${shown(answer)}`);
    try {
      const value = text === "" ? {} : JSON.parse(text);
      if (typeof value === "object" && value !== null) return value;
    } catch {
      // The same complaint as for JSON of another kind.
    }
    throw odd(call, `The answer is not WebHDFS's: "${this.#masked(text).slice(0, 80)}"`);
  }

  /** Sends what is asked to where the NameNode says, without its body. @throws {HdfsError} */
  async openTransfer(op: WebHdfsOp): Promise<Transfer> {
    const excluded: string[] = [];
    let fault: unknown;
    while (true) {
      const { answer, call } = await this.#askActive(op, excluded).catch((cause) => {
        // There is no other DataNode: what is wrong with this one says more.
        throw fault ?? cause;
      });
      if (answer.status < 300 && op.method === "GET") return { call, answer };
      await answer.text(MAX_REFUSAL_BYTES).catch(() => {});
      const { url, named } = this.#redirect(answer, call);
      try {
        return await this.#openThere(op, url, { ...call, host: url.host });
      } catch (cause) {
        fault ??= cause;
        excluded.push(named);
        // One that may make the file yet must not be joined by another.
        if (cause instanceof HdfsError && cause.isOutcomeUnknown) throw cause;
        const isLast = excluded.length >= MAX_DATA_NODES;
        if (isLast || !(cause instanceof HdfsError) || !cause.canRetry) throw fault;
      }
    }
  }

  /** What a server refused, read from its answer. */
  async toRefusal(call: HdfsCall, answer: HttpAnswer): Promise<HdfsError> {
    const text = await answer.text(MAX_REFUSAL_BYTES).catch(() => "");
    return refusal(call, answer.status, this.#masked(text));
  }

  /** Ends all that is under way. */
  close(): void {
    this.#isClosed = true;
    for (const call of this.#calls) call.abort();
  }

  async #openThere(op: WebHdfsOp, url: URL, target: HdfsCall): Promise<Transfer> {
    this.#refuseClosed(target);
    const request = this.#start({ method: op.method, url, hasBody: op.method !== "GET" });
    try {
      await request.begin();
      return { call: target, request };
    } catch (cause) {
      throw toError(target, cause, { isOutcomeUnknown: op.op === "CREATE" && request.wasSent });
    }
  }

  async #askActive(op: WebHdfsOp, excluded: readonly string[] = []): Promise<Asked> {
    const faults: HdfsError[] = [];
    for (let tries = 0; tries < this.#bases.length; tries++) {
      const index = this.#active;
      try {
        return await this.#ask(op, excluded);
      } catch (cause) {
        if (!(cause instanceof HdfsError) || !isElsewhere(cause)) throw cause;
        faults.push(cause);
        // Another request may have found the active one in the meantime.
        if (this.#active === index) this.#active = (index + 1) % this.#bases.length;
      }
    }
    if (faults.length === 1) throw faults[0];
    const first = faults.find(({ exception }) => exception !== "StandbyException") ?? faults[0]!;
    throw new HdfsError(`No NameNode is active: ${faults.map(({ message }) => message).join("; ")}`, first);
  }

  async #ask(op: WebHdfsOp, excluded: readonly string[]): Promise<Asked> {
    const url = this.#url(op, excluded);
    const call = { op: op.op, path: op.path, host: url.host };
    this.#refuseClosed(call);
    const request = this.#start({ method: op.method, url, hasBody: false });
    try {
      await request.begin();
      const answer = await request.end();
      if (answer.status < 400) return { call, answer };
      const refused = await this.toRefusal(call, answer);
      if (op.isRepeatable || !FROM_PROXY.test(refused.exception)) throw refused;
      throw new HdfsError(refused.message, { ...refused, isOutcomeUnknown: true });
    } catch (cause) {
      throw toError(call, cause, { isOutcomeUnknown: !op.isRepeatable && request.wasSent });
    }
  }

  #refuseClosed(call: HdfsCall): void {
    if (!this.#isClosed) return;
    throw failure(call, { exception: "Closed", canRetry: false, what: "The client is closed" });
  }

  #start(request: Pick<HttpCallOptions, "method" | "url" | "hasBody">): HttpCall {
    const { callTimeoutMs: timeoutMs, connect } = this.#options;
    const isOurs = this.#bases.some((base) => new URL(base).origin === request.url.origin);
    const headers = {
      // HttpFS takes a body only from a request that says so.
      "Content-Type": "application/octet-stream",
      ...this.#login !== undefined && isOurs && { Authorization: `Basic ${this.#login}` },
    };
    const onEnd = () => this.#calls.delete(call);
    const call = new HttpCall({ ...request, timeoutMs, connect, headers, onEnd });
    this.#calls.add(call);
    return call;
  }

  /** Pages of proxies show what they were asked for. */
  #masked(text: string): string {
    const { delegationToken, login } = this.#options;
    const secrets = [delegationToken, login?.password].filter((secret) => !!secret) as string[];
    const all = [...secrets, ...secrets.map(encodeURIComponent), ...this.#login ? [this.#login] : []];
    return all.reduce((masked, secret) => masked.replaceAll(secret, "***"), text);
  }

  #url({ op, path, query }: WebHdfsOp, excluded: readonly string[]): URL {
    const names = wholePath(path).split("/");
    const url = new URL(`${this.#bases[this.#active]}${names.map(encodeURIComponent).join("/")}`);
    const { user, doAs, delegationToken } = this.#options;
    const all = {
      op,
      ...delegationToken === undefined ? { "user.name": user } : { delegation: delegationToken },
      doas: doAs,
      excludedatanodes: excluded.join(",") || undefined,
      ...query,
    };
    for (const [name, value] of Object.entries(all)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url;
  }

  #redirect(answer: HttpAnswer, call: HdfsCall): { url: URL; named: string } {
    const location = answer.header("location") ?? "";
    if (!/^https?:\/\//.test(location) || !URL.canParse(location)) {
      throw odd(call, `It sends to ${shown(answer)}, which is no address`);
    }
    const url = new URL(location);
    const named = url.hostname;
    if (url.protocol === "http:" && this.#bases[this.#active]!.startsWith("https:")) {
      throw odd(call, `It sends from https to ${shown(answer)}, where what is sent can be read on the way`);
    }
    const host = this.#options.hosts?.[url.host] ?? this.#options.hosts?.[named];
    if (host !== undefined) url.host = host;
    return { url, named };
  }
}

/** A request that waits for its body or its answer's reader; HttpFS and Knox answer some without a redirect. */
export interface Transfer {
  readonly call: HdfsCall;
  readonly request?: HttpCall;
  readonly answer?: HttpAnswer;
}

interface Asked {
  readonly call: HdfsCall;
  readonly answer: HttpAnswer;
}

/** What was thrown, as an error that says what was asked. */
export function toError(call: HdfsCall, cause: unknown, facts: { isOutcomeUnknown?: boolean }): unknown {
  if (!(cause instanceof HttpFault)) return cause;
  return failure(call, {
    exception: ENDS[cause.end],
    what: cause.message,
    isOutcomeUnknown: facts.isOutcomeUnknown ?? false,
    cause: unsaid(cause),
  });
}

/** What stands behind a failure, from the first cause on that its own text does not tell. */
function unsaid(fault: HttpFault): unknown {
  let cause = fault.cause;
  while (cause instanceof Error && fault.message.includes(cause.message)) cause = cause.cause;
  return cause;
}

function odd(call: HdfsCall, what: string): HdfsError {
  return failure(call, { exception: "OddAnswer", canRetry: false, what });
}

/** Another NameNode may give the answer. */
function isElsewhere({ exception, isOutcomeUnknown }: HdfsError): boolean {
  return ELSEWHERE.test(exception) && !isOutcomeUnknown;
}

/** Where an answer sends to, without what a token may be in. */
function shown(answer: HttpAnswer): string {
  return `"${(answer.header("location") ?? "").replace(/[?#].*/, "").slice(0, 80)}"`;
}

function toBase(address: string): string {
  const url = /^https?:\/\//.test(address) ? URL.parse(address) : null;
  if (!url) throw new RangeError(`"${address}" is no address of a NameNode, such as http://nn1:9870`);
  const { origin, pathname, username, password, search } = url;
  if (username || password || search) {
    throw new RangeError(`The address of NameNode ${url.host} has more than a host, a port and a path`);
  }
  return `${origin}${pathname.replace(/(\/webhdfs\/v1)?\/*$/, "")}/webhdfs/v1`;
}

function encodeLogin({ username, password }: { username: string; password: string }): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(`${username}:${password}`)));
}

/** The path, if it is one that leads where it says: an URL takes out "." and "..". @throws {RangeError} */
export function wholePath(path: string): string {
  const [first, ...names] = path.split("/");
  const isWhole = path === "/" || names.every((name) => !["", ".", ".."].includes(name));
  if (first === "" && path !== "" && isWhole && path.isWellFormed()) return path;
  throw new RangeError(`"${path}" is no path of HDFS: write /folder/file, without "." and ".."`);
}
