import { denoSurroundings } from "../../../commands/_surroundings.ts";
import { compile } from "../../../compiler/compile.ts";
import type { Case } from "../lab.ts";

const LINES = 2000;
const FILE = "large.conf";

/** Flume's files, read and checked. */
export const confCases: readonly Case[] = [
  {
    name: "conf/check",
    measure: async (lab) => {
      const text = largeConf();
      const check = lab.repeat("conf/check", () => millisecondsOf(() => checkConf(text)));
      const validate = await check.then(() =>
        lab.repeat("conf/validate", () =>
          lab.inFolder(async (folder) => {
            await Deno.writeTextFile(`${folder}/${FILE}`, text);
            return await millisecondsOf(() => validateConf(`${folder}/${FILE}`));
          }))
      );
      return [
        {
          name: `a .conf of ${LINES} lines, read and checked`,
          unit: "ms",
          values: await check,
          bar: { atMost: 200 },
        },
        { name: "sluice validate of it, with the start of the process", unit: "ms", values: validate },
      ];
    },
  },
];

async function millisecondsOf(run: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await run();
  return performance.now() - startMs;
}

/** The first time loads the plugins that the file names. */
async function checkConf(text: string): Promise<void> {
  const { plan } = await compile(text, FILE, denoSurroundings(undefined, "state"));
  if (!plan) throw new Error("The file has errors");
}

async function validateConf(file: string): Promise<void> {
  const args = ["run", "-A", new URL("../../../cli.ts", import.meta.url).pathname, "validate", file];
  const { code } = await new Deno.Command(Deno.execPath(), { args, stdout: "null" }).output();
  if (code !== 0) throw new Error(`sluice validate ended with code ${code}`);
}

/** Routes of a file, a channel and two sinks each, with comments, variables and interceptors, as large sites have them. */
function largeConf(): string {
  const lines = ["base.dir = /var/log/app", ""];
  const routes: string[] = [];
  for (let route = 1; lines.length < LINES - 10; route++) {
    routes.push(String(route));
    lines.push(...routeLines(route));
  }
  const names = (kind: string) => routes.map((route) => `${kind}${route}`).join(" ");
  return [
    `a1.sources = ${names("r")}`,
    `a1.channels = ${names("c")}`,
    `a1.sinks = ${names("k")} ${names("s")}`,
    `a1.sinkgroups = ${names("g")}`,
    ...lines,
  ].join("\n");
}

function routeLines(route: number): string[] {
  const source = `a1.sources.r${route}`;
  const sink = (name: string) => [
    `a1.sinks.${name}${route}.type = file_roll`,
    `a1.sinks.${name}${route}.sink.directory = \${base.dir}/out/${name}/${route}`,
    `a1.sinks.${name}${route}.sink.rollInterval = 3600`,
    `a1.sinks.${name}${route}.channel = c${route}`,
  ];
  return [
    "",
    `# Route ${route}.`,
    `${source}.type = TAILDIR`,
    `${source}.filegroups = f1 f2`,
    `${source}.filegroups.f1 = \${base.dir}/${route}/.*\\\\.log`,
    `${source}.filegroups.f2 = \${base.dir}/${route}/.*\\\\.txt`,
    `${source}.headers.f1.kind = log # what it is`,
    `${source}.headers.f2.kind = text`,
    `${source}.interceptors = i1 i2 i3`,
    `${source}.interceptors.i1.type = timestamp`,
    `${source}.interceptors.i2.type = org.apache.flume.interceptor.HostInterceptor$Builder`,
    `${source}.interceptors.i2.useIP = false`,
    `${source}.interceptors.i3.type = regex_filter`,
    `${source}.interceptors.i3.regex = ^\\\\d{4}-\\\\d{2} (?:WARN|ERROR) .*`,
    `${source}.channels = c${route}`,
    `a1.channels.c${route}.type = memory`,
    `a1.channels.c${route}.capacity = 10000`,
    `a1.channels.c${route}.transactionCapacity = 1000`,
    ...sink("k"),
    ...sink("s"),
    `a1.sinkgroups.g${route}.sinks = k${route} s${route}`,
    `a1.sinkgroups.g${route}.processor.type = load_balance`,
    `a1.sinkgroups.g${route}.processor.backoff = true`,
    `a1.sinkgroups.g${route}.processor.selector.maxTimeOut = 10000`,
  ];
}
