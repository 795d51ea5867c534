import { defineCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { print } from "./_terminal.ts";
import { VERSION } from "./_version.ts";

export default defineCommand({
  name: "version",
  summary: "Prints the versions of Sluice and of what it runs on.",
  usage: ["version", "--version"],
  options: {},
  positionals: { min: 0, max: 0 },
  example: "sluice version",
  exitCodes: ["ok", "usage"],
  run() {
    print(`sluice ${VERSION} (Deno ${Deno.version.deno}, V8 ${Deno.version.v8}, ${Deno.build.target})\n`);
    return Promise.resolve(EXIT.ok);
  },
});
