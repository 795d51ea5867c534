import {
  bool,
  type Config,
  type Context,
  defineSink,
  DeliveryError,
  duration,
  host,
  int,
  port,
  regex,
  secret,
  text,
} from "sluice/plugin";
import { connectTcp } from "../../protocols/tcp_client.ts";
import { IrcClient } from "./_irc/client.ts";
import { linesOf } from "./_irc/sayings.ts";
import { tlsClientFields, tlsTarget } from "./_tls_client.ts";

const config = {
  hostname: host({ net: "connect" }).describe("IRC server."),
  port: port({ net: "connect" }).default(6667).describe("Its port; with TLS usually 6697."),
  nick: text().describe("Nick name; where it is taken, underscores are added."),
  user: text({ alias: ["username"] }).optional().describe("User name."),
  password: secret().optional().describe("Password of the server."),
  chan: text().describe("Channel without the # in front, which is added."),
  name: text().optional().describe("Real name."),
  splitlines: bool().default(false).describe(
    "Say each line of a body for itself; otherwise newlines become blanks.",
  ),
  splitchars: regex().prefault("\n").describe("Expression that separates those lines."),
  batchSize: int({ min: 1 }, { unit: "events" }).default(10).describe(
    "Events that one answer of the server covers.",
  ),
  linesPerSecond: int({ min: 0 }, { unit: "lines" }).default(0).describe(
    "Lines said in a second at most, for servers that throw out who says more; 0 is as fast as the server reads.",
  ),
  connectTimeout: duration("ms").default(30_000).describe("How long the server may take to let us in."),
  requestTimeout: duration("ms").default(60_000).describe("How long it may take to answer after that."),
  ...tlsClientFields,
};

type Settings = Config<typeof config>;

/** Words of a command cannot hold these. */
const NO_WORD = /[\s\0,:]|^$/;
const MAX_WORD_CHARS = 100;

export default defineSink({
  name: "irc",
  aliases: ["org.apache.flume.sink.irc.IRCSink"],
  summary: "Says each event's body in a channel of an IRC server.",
  about:
    `Says what Flume's sink says, byte for byte, and then asks the server with a PING: events are delivered when it has answered \
behind them, so delivery is at least once. A server that does not even answer to \`join\` is not asked; what was written to it \
counts as delivered, as in Flume. Bodies cannot hold commands: a return or NUL becomes a blank, and what does not fit into IRC's 512 \
bytes goes on in the next line, with whole characters. Empty lines are left out, because IRC has none.

After a refusal (a ban, a kick, a channel that is full) or a broken connection the sink connects again, later each time. A nick \
that is taken gets up to three underscores. Most public servers throw out who says more than a line or two a second: set \
\`linesPerSecond\`, or the same events will be said again and again.`,
  config,
  check: findFaults,
  examples: [{
    title: "Tell a channel what goes wrong",
    yaml: `source: { type: syslogudp, port: 5140 }
channel: { type: memory, capacity: 10000 }
sink: { type: irc, hostname: irc.example.org, nick: sluice, chan: ops, linesPerSecond: 1 }`,
  }],
  create(settings, context) {
    const link = new Link(settings, context);
    const separator = settings.splitlines ? settings.splitchars : undefined;
    return {
      batchSize: settings.batchSize,
      async write(batch, signal) {
        const lines: string[] = [];
        for (let index = 0; index < batch.size; index++) lines.push(...linesOf(batch.text(index), separator));
        if (lines.length > 0) await (await link.client(signal)).say(lines, signal);
      },
      close: () => Promise.resolve(link.close()),
    };
  },
});

function findFaults({ nick, user, chan, password, name }: Settings) {
  const words = Object.entries({ nick, user, chan }).filter(([, word]) =>
    word !== undefined && NO_WORD.test(word)
  );
  const texts = Object.entries({ password, name }).filter(([, text]) =>
    text !== undefined && /[\r\n\0]/.test(text)
  );
  return [
    ...words.map(([key, word]) => ({
      key,
      text: `"${word}" cannot be a ${key}: blanks, commas and colons have a meaning in IRC`,
      fix: `write one word of at most ${MAX_WORD_CHARS} characters`,
    })),
    ...texts.map(([key]) => ({ key, text: `${key} has more than one line`, fix: "write one line" })),
  ];
}

/** The connection of a sink, made when it is needed. */
class Link {
  readonly #settings: Settings;
  readonly #context: Context;
  #client: IrcClient | undefined;

  constructor(settings: Settings, context: Context) {
    this.#settings = settings;
    this.#context = context;
  }

  /** The connection that is open, or a new one where it has broken. */
  async client(signal: AbortSignal): Promise<IrcClient> {
    if (this.#client && !this.#client.isBroken) return this.#client;
    this.close();
    const { counters, log } = this.#context;
    const { hostname, port } = this.#settings;
    try {
      this.#client = await this.#connect(signal);
      await this.#client.enter(signal);
    } catch (cause) {
      this.#client?.close();
      this.#client = undefined;
      counters.add("ConnectionFailedCount");
      throw new DeliveryError(`Cannot speak at ${hostname}:${port}`, { cause });
    }
    counters.add("ConnectionCreatedCount");
    log.debug("Connected", { hostname, port });
    return this.#client;
  }

  close(): void {
    if (!this.#client) return;
    this.#client.close();
    this.#client = undefined;
    this.#context.counters.add("ConnectionClosedCount");
  }

  async #connect(signal: AbortSignal): Promise<IrcClient> {
    const { hostname, port, chan, connectTimeout, requestTimeout } = this.#settings;
    const conn = await connectTcp({
      hostname,
      port,
      tls: await tlsTarget(this.#settings),
      timeoutMs: connectTimeout,
      signal,
    });
    const about = { channel: `#${chan}`, connectTimeoutMs: connectTimeout, requestTimeoutMs: requestTimeout };
    return new IrcClient(conn, { ...this.#settings, ...about }, this.#context);
  }
}
