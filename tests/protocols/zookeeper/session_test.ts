import assert from "node:assert/strict";
import { ZooKeeperSession } from "../../../protocols/zookeeper/session.ts";
import { serverTest } from "../../servers/mod.ts";
import { until } from "../../support/until.ts";
import { ZooKeeperWriter } from "../../support/zookeeper.ts";

async function connect(address: string): Promise<Deno.Conn> {
  const [hostname, port] = address.split(":");
  return await Deno.connect({ hostname: hostname!, port: Number(port) });
}

serverTest(
  "zookeeper",
  "session reads a node, also one that comes later, and hears of each change once",
  async (env) => {
    const address = env.ZOOKEEPER_CONNECT!;
    using writer = await ZooKeeperWriter.connect(address);
    let changed = Promise.withResolvers<void>();
    const session = await ZooKeeperSession.open(await connect(address), {
      timeoutMs: 1000,
      onChange: () => changed.resolve(),
    });
    const seen: (string | undefined)[] = [];
    const look = async () => {
      changed = Promise.withResolvers();
      const content = await session.read("/flüme");
      seen.push(content && new TextDecoder().decode(content));
    };
    const after = async (step: Promise<void>) => {
      await Promise.all([step, changed.promise]);
      await look();
    };
    await look();
    await after(writer.create("/flüme", "one é"));
    await after(writer.set("/flüme", ""));
    await after(writer.set("/flüme", "x".repeat(300_000)));
    await after(writer.delete("/flüme"));
    assert.deepEqual(seen, [undefined, "one é", "", "x".repeat(300_000), undefined]);
    session.close();
    await assert.rejects(session.ended, /was closed/);
  },
);

serverTest("zookeeper", "session stays open while nothing happens, for longer than its time", async (env) => {
  const address = env.ZOOKEEPER_CONNECT!;
  using _ready = await ZooKeeperWriter.connect(address);
  const conn = await connect(address);
  let writes = 0;
  const wire = {
    read: (into: Uint8Array) => conn.read(into),
    write: (bytes: Uint8Array) => {
      writes++;
      return conn.write(bytes);
    },
    close: () => conn.close(),
  };
  const session = await ZooKeeperSession.open(wire, { timeoutMs: 1000, onChange: () => {} });
  // One write opens the session; a third of its time passes in front of each of the others.
  await until("five pings", () => writes > 5);
  assert.equal(await session.read("/nothing"), undefined);
  session.close();
});

/** A server that sends some bytes and then nothing, and what a client says of it. */
const STRANGERS: readonly {
  readonly what: string;
  readonly sends: readonly number[];
  readonly says: RegExp;
}[] = [
  { what: "says nothing", sends: [], says: /did not answer within 300 ms/ },
  { what: "closes", sends: [-1], says: /closed the connection/ },
  {
    what: "is no ZooKeeper",
    sends: [...new TextEncoder().encode("HTTP/1.1 400 Bad")],
    says: /Not ZooKeeper/,
  },
  { what: "announces 2 GB", sends: [0x7F, 0xFF, 0xFF, 0xFF, 0], says: /2147483647 bytes/ },
  { what: "sends half a grant", sends: [0, 0, 0, 2, 0, 0], says: /sent 2 bytes where at least 20/ },
  {
    what: "refuses the session",
    sends: [0, 0, 0, 37, ...Array<number>(37).fill(0)],
    says: /refused the session/,
  },
  {
    what: "grants a session and then says nothing",
    sends: [0, 0, 0, 37, 0, 0, 0, 0, 0, 0, 0, 100, ...Array<number>(29).fill(0)],
    says: /said nothing for \d+ ms/,
  },
];

for (const { what, sends, says } of STRANGERS) {
  Deno.test(`session ends with the reason at a server that ${what}`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted = listener.accept();
    const opening = connect(`127.0.0.1:${(listener.addr as Deno.NetAddr).port}`)
      .then((wire) => ZooKeeperSession.open(wire, { timeoutMs: 300, onChange: () => {} }));
    using peer = await accepted;
    if (sends[0] === -1) peer.close();
    else await peer.write(Uint8Array.from(sends));
    await assert.rejects(opening.then((session) => session.ended), says);
    if (sends[0] === -1) return;
    // The client has let go of the connection.
    const rest = new Uint8Array(1000);
    while (await peer.read(rest).catch(() => null) !== null);
  });
}
