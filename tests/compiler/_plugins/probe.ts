import {
  bool,
  choice,
  codec,
  defineSource,
  duration,
  host,
  int,
  list,
  map,
  path,
  port,
  secret,
  text,
} from "sluice/plugin";

// A plugin, though not in plugins/.
// deno-lint-ignore sluice/default-exports
export default defineSource({
  name: "probe",
  aliases: ["org.example.ProbeSource"],
  summary: "Listens for readings of instruments.",
  config: {
    port: port().describe("Port to listen on."),
    bind: host().default("0.0.0.0").describe("Address to listen on."),
    token: secret().optional().describe("Word that senders must know."),
    tokens: map(secret()).default({}).describe("Words of single senders."),
    order: choice(["oldest", "youngest", "random"]).default("oldest").describe("Which reading comes first."),
    batchSize: int({ min: 1 }, { unit: "events" }).default(100).describe("Events in one batch at most."),
    pollDelay: duration("ms").default(500).describe("Wait between two looks."),
    keep: bool().default(true).describe("Keep readings that were seen before."),
    tags: list().default([]).describe("Words to look for."),
    filegroups: map(path({ access: "read" }), { named: true }).default({}).describe("Files by group."),
    headers: map(map(text())).default({}).describe("Headers by group."),
    certFile: path({ access: "read" }).optional().describe("Certificate chain as PEM."),
    deserializer: codec("decoder", { fallback: "lines" }).describe("How readings are read."),
    threads: int({}, { ignored: "there is one thread" }).optional().describe("Threads."),
    delay: int({}, { instead: "pollDelay" }).optional().describe("Wait."),
  },
  check: ({ keep, order }) =>
    !keep && order === "random"
      ? [{ key: "order", text: "random order needs keep", fix: "set keep: true" }]
      : [],
  examples: [],
  create: () => ({ run: () => Promise.resolve() }),
});
