// Connections to TCP servers, with TLS or without. node:net and node:tls, because they tell Deno's own calls what these
// cannot be told: to trust named authorities only, and to show the certificate that the other side has sent.
import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import net from "node:net";
import tls from "node:tls";

/** Whom to trust behind a TLS connection. */
export interface TlsTarget {
  /** Certificates as PEM: of authorities, or of the server itself. Absent: the system's authorities. */
  readonly authorities?: readonly string[];
  /** Who this side is, for servers that ask for a certificate. PEM texts; the passphrase is that of the key. */
  readonly identity?: {
    readonly cert: string;
    readonly key: string;
    readonly passphrase?: string | undefined;
  };
  readonly trustsAll: boolean;
  /** The certificate must be for the host that was connected to. */
  readonly checksName: boolean;
}

/** Where to connect to. */
export interface TcpTarget {
  readonly hostname: string;
  readonly port: number;
  readonly tls?: TlsTarget | undefined;
  /** For connecting and the TLS handshake together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What a peer may have sent and nobody has read yet; then it must wait. */
const UNREAD_BYTES = 1024 * 1024;
/** How long what was written may take to be sent when the connection is closed. */
const CLOSE_MS = 2000;

/**
 * Connects.
 * @throws {Error} when nobody listens, the time is over, or the certificate is not trusted.
 */
export async function connectTcp(target: TcpTarget): Promise<TcpClient> {
  const { tls: rules, hostname: host, port } = target;
  if (!rules) return await open(target, { connect: () => net.connect({ host, port }), ready: "connect" });
  if (rules.trustsAll) return await openTls(target, { rejectUnauthorized: false });
  let isReached = false;
  try {
    return await openTls(target, { onReached: () => isReached = true });
  } catch (cause) {
    // What the socket itself says has a code; a time that is over and a signal have none.
    if (!isReached || typeof (cause as { code?: unknown }).code !== "string") throw cause;
    // Java also accepts a certificate that is itself among the trusted ones, whoever has signed it.
    if (rules.authorities) return await openPinned(target, cause);
    throw untrusted(target, cause);
  }
}

interface TlsChoice extends Pick<tls.ConnectionOptions, "rejectUnauthorized"> {
  readonly onReached?: () => void;
  findFault?(socket: tls.TLSSocket): Error | undefined;
}

function openTls(target: TcpTarget, { onReached, findFault, ...choice }: TlsChoice): Promise<TcpClient> {
  const { hostname: host, port } = target;
  const { authorities, identity, checksName } = target.tls!;
  const options: tls.ConnectionOptions = {
    host,
    port,
    ...choice,
    ...authorities && { ca: [...authorities] },
    ...identity && { cert: identity.cert, key: identity.key },
    ...identity?.passphrase !== undefined && { passphrase: identity.passphrase },
    ...!checksName && { checkServerIdentity: () => undefined },
    ...net.isIP(host) === 0 && { servername: host },
  };
  const connect = () => {
    const socket = tls.connect(options);
    if (onReached) socket.once("connect", onReached);
    return socket;
  };
  return open(target, {
    connect,
    ready: "secureConnect",
    findFault: (socket) => findFault?.(socket as tls.TLSSocket),
  });
}

/** Connects without a look at who has signed the certificate: it must be one of those that are named. */
function openPinned(target: TcpTarget, refusal: unknown): Promise<TcpClient> {
  const { hostname, tls: rules } = target;
  return openTls(target, {
    rejectUnauthorized: false,
    findFault(socket) {
      const certificate = socket.getPeerCertificate();
      if (!isOneOf(certificate.raw, rules!.authorities!)) return untrusted(target, refusal);
      return rules!.checksName ? tls.checkServerIdentity(hostname, certificate) : undefined;
    },
  });
}

function isOneOf(raw: Uint8Array | undefined, certificates: readonly string[]): boolean {
  return raw !== undefined &&
    certificates.some((pem) => Buffer.compare(new X509Certificate(pem).raw, raw) === 0);
}

function untrusted({ hostname, port }: TcpTarget, cause: unknown): Error {
  return new Error(
    `No TLS connection to ${hostname}:${port} (where the certificate is not trusted, add it or its authority)`,
    { cause },
  );
}

interface Opening {
  connect(): net.Socket;
  /** The event that says so. */
  readonly ready: "connect" | "secureConnect";
  findFault?(socket: net.Socket): Error | undefined;
}

/** Resolves when the socket is ready and nothing is wrong with it. */
function open({ signal, timeoutMs }: TcpTarget, { connect, ready, findFault }: Opening): Promise<TcpClient> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect();
    const settle = (fault?: unknown) => {
      clearTimeout(limit);
      signal.removeEventListener("abort", abort);
      socket.off("error", settle);
      if (fault === undefined) return resolve(new TcpClient(socket));
      socket.on("error", () => {});
      socket.destroy();
      reject(fault);
    };
    const abort = () => settle(signal.reason);
    const limit = setTimeout(() => settle(new Error(`No connection within ${timeoutMs} ms`)), timeoutMs);
    signal.addEventListener("abort", abort, { once: true });
    socket.on("error", settle);
    socket.once(ready, () => settle(findFault?.(socket)));
  });
}

/** An open connection. */
export class TcpClient {
  readonly #socket: net.Socket;
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #wake: (() => void) | undefined;
  #unsent = 0;
  #sent: (() => void) | undefined;
  #isEnded = false;
  #fault: Error | undefined;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Uint8Array) => this.#arrived(bytes));
    socket.on("error", (fault: Error) => this.#fault ??= fault);
    for (const event of ["end", "close"]) socket.on(event, () => this.#end());
  }

  /** The other side has closed, or the connection has broken; what it sent before can still be read. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Hands bytes over; they must not change before the other side has answered to them. */
  write(bytes: Uint8Array): void {
    this.#unsent++;
    this.#socket.write(bytes, () => {
      if (--this.#unsent === 0) this.#sent?.();
    });
  }

  /** The address on this side. */
  get localAddress(): string {
    return this.#socket.localAddress ?? "";
  }

  /** Resolves when all is on its way that was written, or the connection has ended. */
  async drained(): Promise<void> {
    while (this.#unsent > 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => this.#sent = resolve);
    }
  }

  /** Waits for bytes; nothing at the end. Rejects when the connection broke. */
  async read(): Promise<Uint8Array | undefined> {
    while (this.#unread.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const bytes = this.#unread.shift();
    if (bytes === undefined && this.#fault) throw this.#fault;
    this.#unreadBytes -= bytes?.length ?? 0;
    if (this.#unreadBytes < UNREAD_BYTES && this.#socket.isPaused()) this.#socket.resume();
    return bytes;
  }

  /** Lets go of the connection once all is sent that was written, or soon after. */
  close(): void {
    const limit = setTimeout(() => this.#socket.destroy(), CLOSE_MS);
    this.#socket.once("close", () => clearTimeout(limit));
    if (this.#socket.closed) clearTimeout(limit);
    this.#socket.destroySoon();
    this.#end();
  }

  #arrived(bytes: Uint8Array): void {
    this.#unread.push(bytes);
    this.#unreadBytes += bytes.length;
    if (this.#unreadBytes >= UNREAD_BYTES) this.#socket.pause();
    this.#wake?.();
  }

  #end(): void {
    this.#isEnded = true;
    this.#wake?.();
    this.#sent?.();
  }
}
