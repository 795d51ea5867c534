import assert from "node:assert/strict";
import { permissionFlags } from "../../compiler/permissions.ts";
import { MANIFEST as manifest } from "../../plugins/manifest.ts";
import { compileText, planOf } from "./_around.ts";

const NOTHING = { env: [], files: [], modules: [] };

Deno.test("permissions are those of the fields, the state folder and the file itself", async () => {
  const plan = await planOf(`
name: plant
source:
  type: probe
  port: 4711
  bind: 127.0.0.1
  certFile: /etc/cert.pem
  filegroups: { logs: '/var/log/app/.*\\.log', one: /srv/one.log }
sink: { type: store, directory: '/srv/%{town}/x', endpoint: 'https://example.org/in' }
`);
  assert.deepEqual(permissionFlags(plan, { file: "plant.yaml", uses: NOTHING, reads: ["/opt/sluice"] }), [
    "--allow-read=/etc/cert.pem,/opt/sluice,/srv,/var/lib/sluice/plant,/var/log/app,plant.yaml",
    "--allow-write=/srv,/var/lib/sluice/plant",
    "--allow-net=127.0.0.1:4711,example.org:443",
  ]);
});

Deno.test("permissions name the variables, files and modules that were used to compile", async () => {
  const { plan, uses } = await compileText(
    "source: { type: ./_plugins/probe.ts, port: '${PORT}' }\nsink: { type: store, directory: out }",
  );
  const flags = permissionFlags(plan!, { file: "plant.yaml", uses });
  assert.match(flags[0]!, /_plugins\/probe\.ts/);
  assert.ok(flags.includes("--allow-env=PORT"));
  assert.ok(flags.includes("--allow-net=0.0.0.0:4711"));
});

Deno.test("a free port needs the whole host", async () => {
  const plan = await planOf(
    "source: { type: probe, port: 0, bind: '::1' }\nsink: { type: store, directory: out }",
  );
  assert.ok(permissionFlags(plan, { file: "plant.yaml", uses: NOTHING }).includes("--allow-net=[::1]"));
});

Deno.test("permissions are also those that plugins name themselves", async () => {
  const plan = await planOf(
    `
sources:
  in:
    type: netcat
    bind: 127.0.0.1
    port: 4711
    channels: [disk, topic]
    interceptors: [{ type: host }]
channels:
  disk: { type: file }
  topic: { type: kafka, kafka.bootstrap.servers: "broker:9092" }
sinks:
  a: { type: "null", channel: disk }
  b: { type: "null", channel: topic }`,
    { manifest },
  );
  const flags = permissionFlags(plan, { file: "p.yaml", uses: NOTHING, packages: "/cache/npm" });
  assert.ok(flags.includes("--allow-env"), flags.join(" "));
  assert.ok(flags.includes("--allow-sys=hostname,networkInterfaces,statfs"), flags.join(" "));
  assert.match(flags[0]!, /[=,]\/cache\/npm,/);
  const [none] = permissionFlags({ ...plan, sources: [] }, { file: "p.yaml", uses: NOTHING });
  assert.doesNotMatch(none!, /undefined|npm/);
});
