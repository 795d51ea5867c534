import { bytes, codec, defineSink, duration, int, path, secret, url } from "sluice/plugin";

// A plugin, though not in plugins/.
// deno-lint-ignore sluice/default-exports
export default defineSink({
  name: "store",
  summary: "Keeps readings in a folder, and tells a server of them.",
  config: {
    "store.path": path({ access: "write", alias: ["directory"] }).describe("Folder to write to."),
    "store.rollSize": bytes().default(1024 * 1024).describe("Size at which a file is closed."),
    "store.rollInterval": duration("s").default(30).describe("Age at which a file is closed."),
    "store.batchSize": int({ min: 1 }).default(100).describe("Events in one write at most."),
    "store.password": secret().optional().describe("Password of the folder."),
    serializer: codec("encoder", { fallback: "lines" }).describe("How readings are written."),
    endpoint: url(["http", "https"]).optional().describe("Server that is told."),
  },
  examples: [],
  create: () => ({ write: () => Promise.resolve() }),
});
