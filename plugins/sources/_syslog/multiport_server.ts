import { Backoff, type Context, type Emit, errorText } from "sluice/plugin";
import type { ServerIdentity } from "../../../protocols/tls.ts";
import { serveTcp } from "../_tcp/server.ts";
import { Charset } from "./charset.ts";
import { SyslogConnection } from "./connection.ts";
import type { EventMaker } from "./event_maker.ts";
import type { FramingChoice } from "./first_bytes.ts";
import { multiportMaker } from "./makers.ts";
import { PortCounters } from "./port_counters.ts";
import { Senders, type SenderSettings } from "./senders.ts";
import { readPool } from "./tcp_fields.ts";

/** The settings of a server of several ports. */
export interface MultiportSettings extends SenderSettings {
  readonly host: string;
  readonly ports: readonly string[];
  readonly portHeader: string | undefined;
  readonly "charset.default": string;
  readonly "charset.port": Readonly<Record<string, string>>;
  readonly keepFields: readonly string[];
  readonly framing: FramingChoice;
  readonly eventSize: number;
  readonly maxConnections: number;
  readonly idleTimeout: number;
  readonly identity: ServerIdentity | undefined;
}

/** Serves several ports; one that cannot be had is tried again, and the others go on. */
export class MultiportServer {
  readonly #settings: MultiportSettings;
  readonly #context: Context;
  readonly #emit: Emit;
  readonly #senders: Senders;
  readonly #pool = readPool();
  readonly #makers = new Map<string, EventMaker>();
  /** Places of ports that could not be had when they were last tried. */
  readonly #failing = new Set<number>();

  constructor(settings: MultiportSettings, context: Context, emit: Emit) {
    this.#settings = settings;
    this.#context = context;
    this.#emit = emit;
    this.#senders = new Senders(settings, context.clock);
  }

  /**
   * Serves until the signal aborts.
   * @throws {Error} when no port can be had.
   */
  async run(): Promise<void> {
    const giveUp = new AbortController();
    const signal = AbortSignal.any([this.#context.signal, giveUp.signal]);
    try {
      await Promise.all(this.#settings.ports.map((_port, place) => this.#keepServing(place, signal)));
    } finally {
      giveUp.abort();
    }
  }

  async #keepServing(place: number, signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#context;
    const port = Number(this.#settings.ports[place]);
    const backoff = new Backoff();
    while (!signal.aborted) {
      this.#failing.delete(place);
      try {
        await this.#serve(port, signal);
      } catch (cause) {
        this.#failing.add(place);
        if (this.#failing.size === this.#settings.ports.length) throw cause;
        log.error("A port is not served", { port, cause: errorText(cause) });
        await clock.sleep(backoff.next(), signal);
      }
    }
  }

  async #serve(port: number, signal: AbortSignal): Promise<void> {
    const { host: bind, maxConnections, idleTimeout, identity } = this.#settings;
    const counters = new PortCounters(this.#context.counters);
    const context = { ...this.#context, signal, counters };
    await serveTcp({
      bind,
      port,
      maxConnections,
      idleTimeoutMs: idleTimeout * 1000,
      identity,
      open: (conn) => this.#open(conn, context),
    }, context);
  }

  #open(conn: Deno.Conn, context: Context): SyslogConnection {
    const { framing, eventSize, portHeader } = this.#settings;
    const { port } = conn.localAddr as Deno.NetAddr;
    return new SyslogConnection(conn, {
      emit: this.#emit,
      context,
      pool: this.#pool,
      maker: this.#makerOf(String(port)),
      framing,
      eventBytes: eventSize,
      headersOf: async ({ hostname }) => [
        ...portHeader === undefined ? [] : [[portHeader, String(port)] as const],
        ...await this.#senders.headersOf([hostname]),
      ],
    });
  }

  /** Ports with the same charset share what they know. */
  #makerOf(port: string): EventMaker {
    const label = this.#settings["charset.port"][port] ?? this.#settings["charset.default"];
    const known = this.#makers.get(label);
    if (known) return known;
    const settings = { keepFields: this.#settings.keepFields, charset: new Charset(label) };
    const maker = multiportMaker(settings, this.#context, this.#settings.eventSize);
    this.#makers.set(label, maker);
    return maker;
  }
}
