import assert from "node:assert/strict";
import { yieldTurn } from "sluice/plugin";

/** Of a thread that sees sockets at each sixty-first turn only, some hundred are needed. */
const MAX_TURNS = 40;
const WORK_MS = 9;

Deno.test("a loop that always has something to do lets sockets get on within a few turns", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const program = `
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: ${listener.addr.port} });
    const block = new Uint8Array(16);
    for (let count; (count = await conn.read(block)) !== null;) await conn.write(block.subarray(0, count));
  `;
  const peer = new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    stderr: "inherit",
  }).spawn();
  const conn = await listener.accept();
  let turns = 0;
  let hasAnswered = false;
  const asking = ask(conn).finally(() => hasAnswered = true);
  while (!hasAnswered) {
    for (const startMs = performance.now(); performance.now() - startMs < WORK_MS;);
    await yieldTurn();
    turns++;
  }
  await asking;
  conn.close();
  await peer.status;
  assert.ok(turns <= MAX_TURNS, `two answers took ${turns} turns`);
});

/** Two round trips. */
async function ask(conn: Deno.TcpConn): Promise<void> {
  for (let round = 0; round < 2; round++) {
    await conn.write(Uint8Array.of(round));
    await conn.read(new Uint8Array(16));
  }
}
