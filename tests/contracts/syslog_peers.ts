import { testContext } from "../support/context.ts";
import { ScriptedServer, usual } from "../plugins/sinks/_irc/server.ts";
import { type Feed, tcpFeed, udpFeed } from "./feeds.ts";
import type { Target } from "./targets.ts";

/** A feed for a source that names the port and address in its own way. */
function withSettings(feed: () => Feed, settings: Readonly<Record<string, unknown>>): () => Feed {
  return () => ({ ...feed(), settings: { host: "127.0.0.1", ...settings } });
}

/** Lines that are no syslog, which stay as they are. */
export const syslogtcpFeed = withSettings(tcpFeed, { port: 0 });
/** The same as datagrams. */
export const syslogudpFeed = withSettings(udpFeed, { port: 0 });
/** The same on the one of several ports. */
export const multiportFeed = withSettings(tcpFeed, { ports: "0" });

/** An IRC server that answers as usual. */
export function ircTarget(): Target {
  const server = new ScriptedServer(usual);
  const start = "PRIVMSG #logs :";
  return {
    settings: { hostname: "127.0.0.1", port: server.port, nick: "flume", chan: "logs" },
    context: testContext(),
    arrived() {
      const lines = String.fromCharCode(...server.bytes).split("\r\n").filter((line) =>
        line.startsWith(start)
      );
      return Promise.resolve(lines.map((line) => line.slice(start.length)));
    },
    close: () => Promise.resolve(server[Symbol.dispose]()),
  };
}
