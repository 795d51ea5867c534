import assert from "node:assert/strict";
import { frameEnds, recorded } from "../../../support/avro_wire.ts";
import { frame, headOf, spell } from "../../../support/thrift_wire.ts";
import { until } from "../../../support/until.ts";
import { readBytes, readToEnd, send } from "../_avro/running.ts";
import { type BudgetRun, withBudget } from "./budget_run.ts";

const KIB = 1024;
const APPENDED = recorded("avro-plain", "c2s").slice(0, frameEnds(recorded("avro-plain", "c2s"))[0]);

interface Case {
  readonly kind: "avro" | "thrift";
  /** What one unfinished call of 500,000 bytes takes. */
  readonly heldBytes: number;
  /** What a whole call takes beside its block. */
  readonly copyBytes: number;
  /** What announces 10 MB. */
  readonly head: Uint8Array;
  readonly call: Uint8Array;
  readonly answer: Uint8Array;
}

const CASES: readonly Case[] = [
  {
    kind: "avro",
    heldBytes: 512 * KIB,
    copyBytes: APPENDED.length,
    head: spell("00000001 00000001 00989680"),
    call: APPENDED,
    answer: recorded("avro-plain", "s2c").slice(0, 27),
  },
  {
    kind: "thrift",
    // 256 KiB are free.
    heldBytes: 256 * KIB,
    copyBytes: 0,
    head: spell("00989680 82"),
    call: frame(`${headOf("append")} 1c 1b00 1801 'a' 00 00`),
    answer: spell("0000000e 8241 01 06 'append' 0500 00 00"),
  },
];

function warnings({ context }: BudgetRun): string[] {
  return context.lines.filter(({ level }) => level === "warn")
    .map(({ text, properties }) => `${text}: ${properties?.cause}`);
}

/** Connects one after the other, each with an unfinished call, a millisecond apart. */
async function attack(run: BudgetRun, { head, heldBytes }: Case, clients: number): Promise<Deno.TcpConn[]> {
  const conns: Deno.TcpConn[] = [];
  while (conns.length < clients) {
    const conn = await run.connect();
    conns.push(conn);
    await send(conn, head);
    await send(conn, new Uint8Array(500_000 - head.length));
    const held = () => [...run.budget.unfinished].reduce((sum, frame) => sum + frame.heldBytes, 0);
    await until("the bytes of an unfinished call", () => held() === conns.length * heldBytes);
    run.clock.nowMs++;
  }
  return conns;
}

for (const one of CASES) {
  const { kind, heldBytes, copyBytes, head, call, answer } = one;

  Deno.test(`${kind} source ends the unfinished call that was begun first when memory is short, and takes a whole one`, async () => {
    await withBudget(kind, 4 * heldBytes + copyBytes, async (run) => {
      run.accept();
      const attackers = await attack(run, one, 4);
      run.clock.nowMs += 2000;
      // A byte now and then does not make a call younger.
      await send(attackers[0]!, Uint8Array.of(0));
      await until(
        "the byte",
        () => [...run.budget.unfinished].some((frame) => frame.silentSinceMs === run.clock.nowMs),
      );
      const good = await run.connect();
      await send(good, call);
      assert.deepEqual(await readBytes(good, answer.length), answer);
      assert.equal((await readToEnd(attackers[0]!)).length, 0);
      await until("the warning", () => warnings(run).length > 0);
      const [said, ...more] = warnings(run);
      assert.match(said!, /^Closed a connection: 127\.0\.0\.1:\d+ needs too much memory: /);
      assert.match(said!, new RegExp(`: ${heldBytes} bytes of an unfinished call given up for others$`));
      assert.deepEqual(more, []);
      assert.equal(run.context.counters.get("EventReadFail"), 1);
      assert.equal(run.budget.unfinished.size, 3);
    });
  });

  Deno.test(`${kind} source spares calls that were begun within the last second, and closes who asks for too much`, async () => {
    await withBudget(kind, 4 * heldBytes, async (run) => {
      await attack(run, one, 4);
      const late = await run.connect();
      await send(late, head);
      await send(late, new Uint8Array(500_000)).catch(() => {});
      assert.equal((await readToEnd(late)).length, 0);
      await until("the warning", () => warnings(run).length > 0);
      assert.match(
        warnings(run).join("\n"),
        /needs too much memory: All clients together have \d+ bytes for calls/,
      );
      assert.equal(run.budget.unfinished.size, 4);
    });
  });

  Deno.test(`${kind} source ends nobody when that would not give memory enough`, async () => {
    await withBudget(kind, 4 * heldBytes, async (run) => {
      await attack(run, one, 1);
      run.clock.nowMs += 2000;
      assert.ok(!run.budget.take(5 * heldBytes));
      assert.equal(run.budget.unfinished.size, 1);
    });
  });
}

Deno.test("avro source never gives up calls that wait for the channel, and closes who asks for more", async () => {
  await withBudget("avro", 256 * KIB + APPENDED.length, async (run) => {
    const early = await run.connect();
    await send(early, APPENDED);
    await until("a call under way", () => run.context.counters.get("AppendReceivedCount") === 1);
    run.clock.nowMs += 60_000;
    const late = await run.connect();
    await send(late, APPENDED);
    assert.equal((await readToEnd(late)).length, 0);
    assert.match(warnings(run).join("\n"), /needs too much memory: All clients together have/);
    run.accept();
    assert.equal((await readBytes(early, 27)).length, 27);
  });
});
