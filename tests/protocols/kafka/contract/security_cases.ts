import assert from "node:assert/strict";
import type { KafkaSasl, KafkaTarget, KafkaTls } from "../../../../protocols/kafka/client.ts";
import type { ContractCase } from "../../../contracts/case.ts";
import { until } from "../../../support/until.ts";
import { type ClientBench, partOf, PRODUCER_OPTIONS, sendAll } from "./bench.ts";

function saslOf(
  { env }: ClientBench,
  mechanism: KafkaSasl["mechanism"],
  password = env.KAFKA_PASSWORD!,
): KafkaSasl {
  return { mechanism, username: env.KAFKA_USER!, password };
}

async function tlsOf({ env }: ClientBench): Promise<KafkaTls> {
  return { authorities: [await Deno.readTextFile(env.KAFKA_CA!)], checksName: true };
}

/** Sends and reads a record with this target. */
async function roundTrip(bench: ClientBench, change: Partial<KafkaTarget>): Promise<void> {
  const topic = await bench.topic();
  const client = bench.client(change);
  await sendAll(await bench.producer({}, client), [partOf(topic, ["secret"])]);
  assert.deepEqual((await bench.contents(topic, 1, { client })).texts, ["secret"]);
}

/** What a client tells of that cannot connect; it goes on trying until it is told to stop. */
async function troubleOf(
  bench: ClientBench,
  change: Partial<KafkaTarget>,
): Promise<Error & { readonly code?: string }> {
  const client = bench.client({ connectTimeoutMs: 1_000, requestTimeoutMs: 1_000, ...change });
  const abort = new AbortController();
  const opening = client.producer(PRODUCER_OPTIONS, abort.signal);
  opening.catch(() => {});
  await until("trouble", () => bench.troubles.some((cause) => cause !== undefined));
  abort.abort(new Error("Enough"));
  const startMs = Date.now();
  await assert.rejects(opening);
  await client.close();
  assert.ok(Date.now() - startMs < 5_000, `took ${Date.now() - startMs} ms to give up`);
  const cause = bench.troubles.find((cause) => cause !== undefined)!;
  const all = textOf(cause);
  assert.ok(!all.includes(bench.env.KAFKA_PASSWORD!) && !all.includes("wrong-password"), all);
  return cause;
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.message} ${textOf(cause.cause)}` : "";
}

/** How a client proves who it is, and who it trusts. */
export const SECURITY_CASES: readonly ContractCase<ClientBench>[] = [
  ...(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const).map((mechanism): ContractCase<ClientBench> => ({
    name: `logs in by ${mechanism}`,
    run: (bench) =>
      roundTrip(bench, { brokers: [bench.env.KAFKA_SASL_PLAINTEXT!], sasl: saslOf(bench, mechanism) }),
  })),
  {
    name: "logs in over TLS",
    run: async (bench) => {
      const sasl = saslOf(bench, "SCRAM-SHA-512");
      await roundTrip(bench, { brokers: [bench.env.KAFKA_SASL_SSL!], sasl, tls: await tlsOf(bench) });
    },
  },
  {
    name: "shows its certificate",
    run: async (bench) => {
      const cert = await Deno.readTextFile(bench.env.KAFKA_CERT!);
      const key = await Deno.readTextFile(bench.env.KAFKA_KEY!);
      await roundTrip(bench, { brokers: [bench.env.KAFKA_MTLS!], tls: { ...await tlsOf(bench), cert, key } });
    },
  },
  ...(["PLAIN", "SCRAM-SHA-256"] as const).map((mechanism): ContractCase<ClientBench> => ({
    name: `tells of a wrong password for ${mechanism}, without telling it, and goes on trying`,
    run: async (bench) => {
      const sasl = saslOf(bench, mechanism, "wrong-password");
      const cause = await troubleOf(bench, { brokers: [bench.env.KAFKA_SASL_PLAINTEXT!], sasl });
      assert.match(cause.message, /check user name and password/);
    },
  })),
  {
    name: "tells of a certificate that nobody it trusts has signed",
    run: async (bench) => {
      const cause = await troubleOf(bench, { brokers: [bench.env.KAFKA_SSL!], tls: { checksName: true } });
      assert.match(textOf(cause), /certificate|UnknownIssuer/i);
    },
  },
  {
    name: "tells of a certificate that has expired",
    run: async (bench) => {
      const cause = await troubleOf(bench, { brokers: [bench.env.KAFKA_EXPIRED!], tls: await tlsOf(bench) });
      assert.match(textOf(cause), /expired/i);
    },
  },
  {
    name: "tells of a broker that wants a certificate and gets none",
    run: async (bench) => {
      const cause = await troubleOf(bench, { brokers: [bench.env.KAFKA_MTLS!], tls: await tlsOf(bench) });
      assert.equal(cause.code, "CONNECTION");
    },
  },
  {
    name: "tells of a broker that wants TLS",
    run: async (bench) => {
      const cause = await troubleOf(bench, { brokers: [bench.env.KAFKA_SSL!] });
      assert.match(textOf(cause), /security\.protocol|TLS/);
    },
  },
  {
    name: "tells of a broker that is not there",
    run: async (bench) => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr as Deno.NetAddr;
      listener.close();
      const cause = await troubleOf(bench, { brokers: [`127.0.0.1:${port}`] });
      assert.match(textOf(cause), new RegExp(`127\\.0\\.0\\.1:${port}`));
      assert.equal(cause.code, "CONNECTION");
    },
  },
  {
    name: "tells of a server that does not speak Kafka",
    run: async (bench) => {
      const server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {} },
        () => new Response("hello"),
      );
      try {
        const cause = await troubleOf(bench, { brokers: [`127.0.0.1:${server.addr.port}`] });
        assert.match(textOf(cause), /answer|closed/);
      } finally {
        await server.shutdown();
      }
    },
  },
  {
    name: "gives up a server that accepts and is silent, and closes in bounded time",
    run: async (bench) => {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const conns: Deno.Conn[] = [];
      const accepting = (async () => {
        for await (const conn of listener) conns.push(conn);
      })().catch(() => {});
      const cause = await troubleOf(bench, {
        brokers: [`127.0.0.1:${(listener.addr as Deno.NetAddr).port}`],
      });
      assert.ok(["TIMEOUT", "CONNECTION"].includes(cause.code ?? ""), textOf(cause));
      listener.close();
      await accepting;
      for (const conn of conns) conn.close();
    },
  },
  {
    name: "gives up on closing what is not delivered",
    run: async (bench) => {
      const topic = await bench.topic();
      const client = bench.client();
      const producer = await bench.producer({ lingerMs: 60_000 }, client);
      const { delivered } = await producer.send([partOf(topic, ["lingers"])]);
      delivered.catch(() => {});
      const startMs = Date.now();
      await producer.close();
      await client.close();
      await assert.rejects(delivered, /closed/);
      assert.ok(Date.now() - startMs < 3_000, `took ${Date.now() - startMs} ms`);
    },
  },
];
