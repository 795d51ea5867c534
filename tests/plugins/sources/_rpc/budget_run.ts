import assert from "node:assert/strict";
import { type Emit, systemClock } from "sluice/plugin";
import { Connection as AvroConnection } from "../../../../plugins/sources/_avro/connection.ts";
import { FrameBlocks } from "../../../../plugins/sources/_rpc/frame_blocks.ts";
import { MemoryBudget } from "../../../../plugins/sources/_rpc/memory_budget.ts";
import { Recognition } from "../../../../plugins/sources/_rpc/recognition.ts";
import { Connection as ThriftConnection } from "../../../../plugins/sources/_thrift/connection.ts";
import { KnownProtocols } from "../../../../protocols/avro_rpc/session.ts";
import { testContext } from "../../../support/context.ts";

/** A clock that stands still until a test moves it; its sleeps are short. */
export class TestClock {
  nowMs = 1_000_000;
  /** Sleeps so far. */
  sleeps = 0;

  now(): number {
    return this.nowMs;
  }

  sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    this.sleeps++;
    return systemClock.sleep(1, signal);
  }
}

/** Connections that share little memory. */
export interface BudgetRun {
  readonly connect: () => Promise<Deno.TcpConn>;
  readonly context: ReturnType<typeof testContext>;
  readonly clock: TestClock;
  readonly budget: MemoryBudget;
  /** Lets batches be answered OK, now and later. */
  readonly accept: () => void;
}

/** Serves real sockets with a budget of some bytes until `use` is done; all of it must have been given back then. */
export async function withBudget(
  kind: "avro" | "thrift",
  maxBytes: number,
  use: (run: BudgetRun) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clock = new TestClock();
  const context = testContext({ clock });
  const held = Promise.withResolvers<void>();
  const budget = new MemoryBudget(maxBytes, clock);
  const emit = Object.assign(() => held.promise, { ready: Promise.resolve() });
  const serve = serverOf(kind, { context, budget, emit });
  const running: Promise<void>[] = [];
  const conns: Deno.Conn[] = [];
  const connect = async () => {
    const [conn, served] = await Promise.all([
      Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
      listener.accept(),
    ]);
    running.push(serve(served));
    conns.push(conn);
    return conn;
  };
  try {
    await use({ connect, context, clock, budget, accept: held.resolve });
  } finally {
    held.resolve();
    listener.close();
    for (const conn of conns) closeNow(conn);
    await Promise.all(running);
  }
  assert.ok(budget.take(maxBytes), "Not all memory was given back");
}

function closeNow(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // The test has closed it.
  }
}

interface ServerParts extends Pick<BudgetRun, "context" | "budget"> {
  readonly emit: Emit;
}

function serverOf(kind: "avro" | "thrift", own: ServerParts): (conn: Deno.Conn) => Promise<void> {
  const shared = { ...own, blocks: new FrameBlocks(own.budget), maxFrameBytes: 16e6, isEncrypted: false };
  if (kind === "thrift") {
    return (conn) => new ThriftConnection(conn, { ...shared, protocol: "compact" }).run();
  }
  const recognition = new Recognition(own.context);
  const parts = { ...shared, recognition, known: new KnownProtocols(), isCompressed: false };
  return (conn) => new AvroConnection(conn, parts).run();
}
