import { type AnyPlugin, type Context, type EventBatch, type Sink, z } from "sluice/plugin";
import irc from "../../../../plugins/sinks/irc.ts";
import { testContext } from "../../../support/context.ts";
import { until } from "../../../support/until.ts";

const NEVER = new AbortController().signal;

/** What a server that follows a script says to a line of its client. */
export type Script = (line: string, say: (text: string) => void) => void;

/** A server that follows a script, and what it has heard. */
export class ScriptedServer {
  readonly lines: string[] = [];
  readonly bytes: number[] = [];
  connections = 0;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns = new Set<Deno.Conn>();

  constructor(script: Script) {
    void this.#serve(script);
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** Ends all connections. */
  hangUp(): void {
    for (const conn of this.#conns) conn.close();
    this.#conns.clear();
  }

  /** Says something to everybody. */
  async say(text: string): Promise<void> {
    for (const conn of this.#conns) await conn.write(new TextEncoder().encode(`${text}\r\n`));
  }

  [Symbol.dispose](): void {
    this.hangUp();
    this.#listener.close();
  }

  async #serve(script: Script): Promise<void> {
    for await (const conn of this.#listener) {
      this.connections++;
      this.#conns.add(conn);
      void this.#talk(conn, script).catch(() => {});
    }
  }

  async #talk(conn: Deno.Conn, script: Script): Promise<void> {
    let text = "";
    const buffer = new Uint8Array(4096);
    for (let read = await conn.read(buffer); read !== null; read = await conn.read(buffer)) {
      this.bytes.push(...buffer.subarray(0, read));
      const lines = (text + new TextDecoder().decode(buffer.subarray(0, read))).split("\r\n");
      text = lines.pop()!;
      for (const line of lines) {
        this.lines.push(line);
        script(line, (text) => void conn.write(new TextEncoder().encode(`${text}\r\n`)).catch(() => {}));
      }
    }
  }
}

/** What a usual server says. */
export const usual: Script = (line, say) => {
  if (line.startsWith("USER")) say(":irc.test 001 flume :Welcome");
  if (line.startsWith("join")) say(`:flume!~f@host.test JOIN :${line.slice(5)}`);
  if (line.startsWith("PING")) say(`:irc.test PONG irc.test ${line.slice(5)}`);
};

/** A sink with settings as a pipeline would give them. */
export async function makeSink(settings: Record<string, unknown>, change: Partial<Context> = {}) {
  const config = z.strictObject(irc.config).parse({
    hostname: "127.0.0.1",
    nick: "flume",
    chan: "logs",
    ...settings,
  });
  const context = testContext(change);
  const sink = await (irc as AnyPlugin).create(config, context) as Sink;
  return {
    context,
    write: async (batch: EventBatch, signal = NEVER) => await sink.write(batch, signal),
    close: async () => await sink.close?.(),
  };
}

/** Somebody in a channel who listens. */
export class Listener {
  readonly heard: string[] = [];
  readonly #conn: Deno.Conn;
  #isThere = false;

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
    void this.#listen().catch(() => {});
  }

  /** Goes to a channel and waits until it is there. */
  static async join(port: number, channel: string, password?: string): Promise<Listener> {
    const listener = new Listener(await Deno.connect({ hostname: "127.0.0.1", port }));
    const pass = password === undefined ? "" : `PASS ${password}\r\n`;
    await listener.say(`${pass}NICK listener\r\nUSER l 0 * :l\r\nJOIN ${channel}`);
    await until("the listener to be there", () => listener.#isThere);
    return listener;
  }

  async say(command: string): Promise<void> {
    await this.#conn.write(new TextEncoder().encode(`${command}\r\n`));
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }

  async #listen(): Promise<void> {
    const lines = this.#conn.readable.pipeThrough(new TextDecoderStream());
    let text = "";
    for await (const chunk of lines) {
      const whole = (text + chunk).split("\r\n");
      text = whole.pop()!;
      for (const line of whole) {
        if (/ 366 /.test(line)) this.#isThere = true;
        const said = /^:(\S+) PRIVMSG \S+ :(.*)$/s.exec(line);
        if (said) this.heard.push(`${said[1]!.split("!")[0]}: ${said[2]}`);
        if (line.startsWith("PING")) await this.say(line.replace("PING", "PONG"));
      }
    }
  }
}
