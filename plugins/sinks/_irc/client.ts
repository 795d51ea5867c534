import { Buffer } from "node:buffer";
import { type Clock, DeliveryError, errorText, type Logger } from "sluice/plugin";
import type { TcpClient } from "../../../protocols/tcp_client.ts";
import { parseReply, type Reply } from "./reply.ts";
import { cut } from "./sayings.ts";

/** Who speaks, and where. */
export interface IrcSettings {
  readonly hostname: string;
  readonly nick: string;
  readonly user: string | undefined;
  readonly name: string | undefined;
  readonly password: string | undefined;
  /** With its `#`. */
  readonly channel: string;
  /** How long the server may take to welcome us … */
  readonly connectTimeoutMs: number;
  /** … and to answer after that. */
  readonly requestTimeoutMs: number;
  /** 0: as fast as the server reads. */
  readonly linesPerSecond: number;
}

/** What core lends to a client. */
export interface IrcSurroundings {
  readonly clock: Clock;
  readonly log: Logger;
}

/** A line with its end (RFC 2812 section 2.3). */
const LINE_BYTES = 512;
/** A server whose name leaves less is not believed. */
const MIN_ROOM_BYTES = 64;
/** A server that has not answered to `join` by then is taken for one that never does. */
const JOIN_MS = 3000;
/** What a server may send without an end of line: newer ones put up to 8 KiB of tags in front. */
const UNREAD_CHARS = 16 * 1024;
const MAX_NICKS = 4;
const NICK_TAKEN: ReadonlySet<string> = new Set(["433", "436"]);
const NOT_REGISTERED = "451";
/** Answers that say that we cannot be there or cannot say that (RFC 2812 section 5.2). */
const REFUSALS: ReadonlySet<string> = new Set(
  ("ERROR 401 403 404 405 407 411 412 413 414 415 431 432 437 442 461 463 464 465 471 473 474 475 476 477 489")
    .split(" "),
);

/**
 * A connection to an IRC server, in a channel. Written here, because the libraries there are open with words that Flume's
 * client does not say (CAP, another USER), and none tells when the server has answered behind what was said.
 */
export class IrcClient {
  readonly #conn: TcpClient;
  readonly #settings: IrcSettings;
  readonly #surroundings: IrcSurroundings;
  readonly #welcomed = Promise.withResolvers<void>();
  readonly #joined = Promise.withResolvers<void>();
  #pong: { readonly token: string; readonly answered: PromiseWithResolvers<void> } | undefined;
  #nick: string;
  #nicks = 1;
  #joinCameEarly = false;
  #hasJoined = false;
  /** What the server puts in front of our lines for others: that must fit, too. */
  #prefixBytes = 0;
  #pings = 0;
  #fault: DeliveryError | undefined;

  /** Takes over a connection on which nothing has been said. */
  constructor(conn: TcpClient, settings: IrcSettings, surroundings: IrcSurroundings) {
    this.#conn = conn;
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#nick = settings.nick;
    for (const { promise } of [this.#welcomed, this.#joined]) promise.catch(() => {});
    void this.#readAll();
  }

  /** Nothing more can be said over it. */
  get isBroken(): boolean {
    return this.#fault !== undefined || this.#conn.isEnded;
  }

  /**
   * Registers and joins, in the words of Flume's client: `join` goes out at once, and again where that was too early.
   * @throws {DeliveryError} when the server refuses, or does not answer.
   */
  async enter(signal: AbortSignal): Promise<void> {
    const { password, nick, user, hostname, name, channel, connectTimeoutMs } = this.#settings;
    if (password !== undefined) this.#write(`PASS ${password}`);
    this.#write(`NICK ${nick}`);
    const local = this.#conn.localAddress.replace(/^::ffff:/, "");
    this.#write(`USER ${user ?? "null"} /${local} ${hostname} :${name ?? "null"}`);
    this.#write(`join ${channel}`);
    const isWelcome = await this.#within(this.#welcomed.promise, connectTimeoutMs, signal);
    if (!isWelcome) {
      throw this.#fail(`${hostname} has not let "${this.#nick}" in within ${connectTimeoutMs} ms`);
    }
    if (this.#joinCameEarly) this.#write(`join ${channel}`);
    if (await this.#within(this.#joined.promise, JOIN_MS, signal)) return;
    this.#surroundings.log.debug("The server does not answer to join", { hostname });
  }

  /**
   * Says lines in the channel; those that are too long in pieces. Resolves when the server has answered to what was
   * said behind them; a server that has not even answered to `join` is not asked.
   * @throws {DeliveryError} when it refuses, does not answer, or the connection breaks.
   */
  async say(lines: readonly string[], signal: AbortSignal): Promise<void> {
    const start = Buffer.from(`PRIVMSG ${this.#settings.channel} :`);
    const room = Math.max(LINE_BYTES - 2 - start.length - this.#prefixBytes, MIN_ROOM_BYTES);
    const end = Buffer.from("\r\n");
    const commands = lines.flatMap((line) =>
      cut(line, room).map((piece) => Buffer.concat([start, piece, end]))
    );
    await this.#send(commands, signal);
    if (this.#fault) throw this.#fault;
    if (this.#hasJoined) await this.#askForAnswer(signal);
  }

  /** Ends the connection. */
  close(): void {
    this.#fail("The sink ends");
  }

  async #send(commands: readonly Buffer[], signal: AbortSignal): Promise<void> {
    const { linesPerSecond } = this.#settings;
    if (linesPerSecond === 0) this.#conn.write(Buffer.concat(commands));
    else {
      for (const command of commands) {
        if (this.isBroken || signal.aborted) break;
        this.#conn.write(command);
        await this.#surroundings.clock.sleep(1000 / linesPerSecond, signal);
      }
    }
    await this.#conn.drained();
    signal.throwIfAborted();
  }

  async #askForAnswer(signal: AbortSignal): Promise<void> {
    const { hostname, requestTimeoutMs } = this.#settings;
    const token = `sluice-${++this.#pings}`;
    const answered = Promise.withResolvers<void>();
    answered.promise.catch(() => {});
    this.#pong = { token, answered };
    this.#write(`PING :${token}`);
    if (await this.#within(answered.promise, requestTimeoutMs, signal)) return;
    throw this.#fail(`${hostname} has not answered within ${requestTimeoutMs} ms`);
  }

  /** Whether something happens in time; rejects when it fails, or the signal aborts. */
  async #within(promise: Promise<void>, limitMs: number, signal: AbortSignal): Promise<boolean> {
    const done = new AbortController();
    const late = this.#surroundings.clock.sleep(limitMs, AbortSignal.any([signal, done.signal]));
    try {
      const isInTime = await Promise.race([promise.then(() => true), late.then(() => false)]);
      signal.throwIfAborted();
      return isInTime;
    } finally {
      done.abort();
    }
  }

  async #readAll(): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for (let bytes = await this.#conn.read(); bytes; bytes = await this.#conn.read()) {
        const lines = (text + decoder.decode(bytes, { stream: true })).split(/\r?\n/);
        text = lines.pop()!;
        for (const line of lines) this.#take(parseReply(line));
        if (text.length > UNREAD_CHARS) throw new Error(`A line of more than ${UNREAD_CHARS} characters`);
      }
      this.#fail(`${this.#settings.hostname} has closed the connection`);
    } catch (cause) {
      this.#fail(`The connection to ${this.#settings.hostname} broke: ${errorText(cause)}`);
    }
  }

  #take(reply: Reply): void {
    const { command, params } = reply;
    if (command === "PING") this.#write(`PONG :${params.at(-1) ?? ""}`);
    else if (command === "PONG") this.#takePong(params.at(-1));
    else if (command === "001") {
      this.#nick = params[0] ?? this.#nick;
      this.#welcomed.resolve();
    } else if (command === "JOIN" || command === "366") this.#takeJoin(reply);
    else if (command === NOT_REGISTERED) this.#joinCameEarly = true;
    else if (NICK_TAKEN.has(command) && this.#nicks < MAX_NICKS) this.#takeOtherNick();
    else if (command === "KICK" && params[1] === this.#nick) this.#refuse(reply);
    else if (REFUSALS.has(command) || NICK_TAKEN.has(command)) this.#refuse(reply);
  }

  #takePong(token: string | undefined): void {
    if (token === this.#pong?.token) this.#pong?.answered.resolve();
  }

  /** `:nick!user@host JOIN #channel`, as everybody in the channel gets it, or the end of the list of who is there. */
  #takeJoin({ prefix, command, params }: Reply): void {
    const channel = command === "JOIN" ? params[0] : params[1];
    if (channel?.toLowerCase() !== this.#settings.channel.toLowerCase()) return;
    if (command === "JOIN" && !prefix.startsWith(`${this.#nick}!`)) return;
    if (command === "JOIN") this.#prefixBytes = Buffer.byteLength(`:${prefix} `);
    this.#hasJoined = true;
    this.#joined.resolve();
  }

  #takeOtherNick(): void {
    this.#nick = this.#settings.nick + "_".repeat(this.#nicks++);
    this.#surroundings.log.debug("The nick is taken", { next: this.#nick });
    this.#write(`NICK ${this.#nick}`);
  }

  #refuse({ command, params }: Reply): void {
    this.#fail(
      `${this.#settings.hostname} answered ${command} "${params.slice(1).join(" ") || params.join(" ")}"`,
    );
  }

  #fail(text: string): DeliveryError {
    if (this.#fault) return this.#fault;
    this.#fault = new DeliveryError(text);
    for (const waiting of [this.#welcomed, this.#joined, this.#pong?.answered]) waiting?.reject(this.#fault);
    this.#conn.close();
    return this.#fault;
  }

  #write(command: string): void {
    this.#conn.write(Buffer.from(`${command}\r\n`));
  }
}
