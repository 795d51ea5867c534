import { latin1 } from "./batches.ts";
import type { Feed } from "./feeds.ts";
import type { Target } from "./targets.ts";
import { GOLDEN_EVENTS, wire } from "../support/thrift_wire.ts";
import { ThriftServer } from "../support/thrift_server.ts";
import { testContext } from "../support/context.ts";
import { until } from "../support/until.ts";

const GOLDEN_BODIES = GOLDEN_EVENTS.map(({ body }) => latin1(Uint8Array.from(body)));

function replayFeed(name: string, feed: Pick<Feed, "settings" | "expected">): Feed {
  let conn: Deno.TcpConn | undefined;
  return {
    ...feed,
    async give({ counters }) {
      await until("the source to listen", () => counters.get("Port") > 0);
      conn = await Deno.connect({ hostname: "127.0.0.1", port: counters.get("Port") });
      await conn.write(wire(name, "c2s"));
    },
    close: () => conn?.close(),
  };
}

/** A client that sends what Flume's client sent, and waits for nothing. */
export function thriftFeed(): Feed {
  const settings = { bind: "127.0.0.1", port: 0 };
  return replayFeed("thrift-compact", { settings, expected: GOLDEN_BODIES });
}

/** The same from a client of Flume 0.9.4. */
export function thriftLegacyFeed(): Feed {
  const settings = { host: "127.0.0.1", port: 0 };
  return replayFeed("thrift-legacy", { settings, expected: ["first", "", "third"] });
}

/** A next hop that takes everything. */
export function thriftTarget(): Target {
  const server = new ThriftServer();
  return {
    settings: { hostname: "127.0.0.1", port: server.port },
    context: testContext(),
    arrived: () => Promise.resolve(server.bodies.map(latin1)),
    close: () => server.close(),
  };
}
