import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { serverTest, startServer } from "./mod.ts";

serverTest("gmond", "a server runs while its test does, and tells where it is", async (env) => {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(env.GMOND_XML_PORT) });
  assert.match(await new Response(conn.readable).text(), /<CLUSTER|<GANGLIA_XML/);
});

serverTest(
  { needs: ["gmond"] },
  "two servers of a kind run beside each other, and stop by themselves",
  async () => {
    const servers = [(await startServer("gmond"))!, (await startServer("gmond"))!];
    const ports = servers.map(({ env }) => Number(env.GMOND_XML_PORT));
    assert.notEqual(ports[0], ports[1]);
    for (const server of servers) await server.stop();
    for (const port of ports) await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port }));
  },
);

serverTest(
  { needs: ["gmond"] },
  "a server ends with the process that started it, even a killed one",
  async () => {
    const script = `import { startServer } from "${new URL("./mod.ts", import.meta.url)}";
    console.log((await startServer("gmond")).env.GMOND_XML_PORT);`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--ext=ts", script],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const port = Number((await reader.read()).value);
    assert.ok(port > 0);
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    await until(`port ${port} to be free`, async () => {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port })).close();
        return false;
      } catch {
        return true;
      }
    });
  },
);

serverTest(
  { needs: ["gmond"] },
  "a control that a server does not have ends it with the reason",
  async () => {
    const server = (await startServer("gmond"))!;
    await assert.rejects(server.control("kill 2"), /gmond has no controls: kill 2/);
    await server.stop();
  },
);

Deno.test("a server that nobody has described is refused with the names that there are", async () => {
  await assert.rejects(startServer("nobody"), /no server is called "nobody"; there are: .*gmond/);
});
