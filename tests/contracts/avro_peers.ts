import { EventBatch } from "sluice/plugin";
import { answerFrame, KnownProtocols, ServerSession } from "../../protocols/avro_rpc/session.ts";
import { Receiver } from "../plugins/sinks/_rpc/receiver.ts";
import { framesOf, GOLDEN, recorded } from "../support/avro_wire.ts";
import { testContext } from "../support/context.ts";
import { until } from "../support/until.ts";
import { latin1, plain } from "./batches.ts";
import type { Feed } from "./feeds.ts";
import type { Target } from "./targets.ts";

/** What Avro's HTTP client posts for an event of Flume 0.9.4. */
const LEGACY_CALL = Uint8Array.fromHex(
  "0000002b84f26a5a74af5726d8bc68105669c9960084f26a5a74af5726d8bc68105669c9960200000c617070656e6400" +
    "00001a80a0cee0d54b04106576656e74203020aab4de75086f672d300000000000",
);

/** A client that sends what Flume's client sent, and waits for nothing. */
export function avroFeed(): Feed {
  let conn: Deno.TcpConn | undefined;
  return {
    settings: { bind: "127.0.0.1", port: 0 },
    expected: GOLDEN.map(({ body }) => latin1(body)),
    async give({ counters }) {
      await until("the source to listen", () => counters.get("Port") > 0);
      conn = await Deno.connect({ hostname: "127.0.0.1", port: counters.get("Port") });
      await conn.write(recorded("avro-plain", "c2s"));
    },
    close: () => conn?.close(),
  };
}

/** A client of Flume 0.9.4 that posts three events, one after the other. */
export function avroLegacyFeed(): Feed {
  return {
    settings: { host: "127.0.0.1", port: 0 },
    expected: ["event 0 ", "event 0 ", "event 0 "],
    async give({ counters }) {
      await until("the source to listen", () => counters.get("Port") > 0);
      const url = `http://127.0.0.1:${counters.get("Port")}/`;
      try {
        for (let sent = 0; sent < 3; sent++) {
          await (await fetch(url, { method: "POST", body: LEGACY_CALL })).body?.cancel();
        }
      } catch {
        // The source has stopped.
      }
    },
  };
}

/** A next hop that takes everything. */
export function avroTarget(): Target {
  const receiver = new Receiver((frame) =>
    answerFrame(frame + 1, new Uint8Array(frame === 0 ? 4 : 0), { status: "OK" })
  );
  return {
    settings: { hostname: "127.0.0.1", port: receiver.port },
    context: testContext(),
    arrived: async () => (await Promise.all(receiver.received.map(bodiesOf))).flat(),
    close: () => Promise.resolve(receiver[Symbol.dispose]()),
  };
}

async function bodiesOf(received: Uint8Array): Promise<string[]> {
  const session = new ServerSession(new KnownProtocols());
  const bodies: string[] = [];
  for (const { content } of framesOf(received)) {
    const { events } = await session.read(content);
    if (events) bodies.push(...plain(new EventBatch(events)).bodies);
  }
  return bodies;
}
