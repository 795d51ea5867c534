import { compile, type Compiled } from "../../compiler/compile.ts";
import { type Diagnostic, renderDiagnostics } from "../../compiler/diagnostics.ts";
import type { Manifest } from "../../compiler/resolve.ts";
import type { Surroundings } from "../../compiler/surroundings.ts";

const ROOT = new URL("../../", import.meta.url);

/** Where the tests' pipeline files seem to lie. */
export const FOLDER = decodeURIComponent(new URL("./", import.meta.url).pathname);

const entry = (load: () => Promise<unknown>, ...aliases: string[]) => ({ load, aliases });

/** Small plugins with settings that do not change, and the real ones that wiring needs. */
export const TEST_MANIFEST: Manifest = {
  source: { probe: entry(() => import("./_plugins/probe.ts"), "org.example.ProbeSource") },
  interceptor: { mark: entry(() => import("./_plugins/mark.ts"), "org.example.MarkInterceptor$Builder") },
  selector: {
    replicating: entry(() => import("../../plugins/selectors/replicating.ts")),
    multiplexing: entry(() => import("../../plugins/selectors/multiplexing.ts")),
  },
  channel: {
    direct: entry(() => import("../../plugins/channels/direct.ts")),
    file: entry(() => import("../../plugins/channels/file.ts")),
    memory: entry(() => import("../../plugins/channels/memory.ts"), "org.apache.flume.channel.MemoryChannel"),
  },
  sink_processor: {
    default: entry(() => import("../../plugins/sink_processors/default.ts")),
    failover: entry(() => import("../../plugins/sink_processors/failover.ts")),
    load_balance: entry(() => import("../../plugins/sink_processors/load_balance.ts")),
  },
  sink: { store: entry(() => import("./_plugins/store.ts")) },
  codec: { lines: entry(() => import("./_plugins/lines.ts"), "LINE") },
  reporter: {},
};

/** Surroundings with a small environment, and files that are given as text. */
export function testSurroundings(
  change: Partial<Surroundings> & { readonly files?: Readonly<Record<string, string>> } = {},
): Surroundings {
  const { files = {}, ...rest } = change;
  const env: Readonly<Record<string, string>> = { PORT: "4711", TOKEN: "opensesame", EMPTY: "" };
  return {
    env: (name) => Object.hasOwn(env, name) ? env[name] : undefined,
    readText: (path) => {
      const text = files[path];
      return text === undefined ? Promise.reject(new Error(`No such file "${path}"`)) : Promise.resolve(text);
    },
    load: (specifier) => import(specifier),
    homeDir: "/home/ada",
    stateDir: (name, written) => written ?? `/var/lib/sluice/${name}`,
    cwd: decodeURIComponent(ROOT.pathname),
    manifest: TEST_MANIFEST,
    ...rest,
  };
}

/** Compiles a pipeline that seems to lie beside the tests. */
export function compileText(
  text: string,
  change: Parameters<typeof testSurroundings>[0] = {},
): Promise<Compiled> {
  return compile(text, `${FOLDER}plant.yaml`, testSurroundings(change));
}

/** Compiles a pipeline that must be without errors; answers with its plan. */
export async function planOf(text: string, change: Parameters<typeof testSurroundings>[0] = {}) {
  const { plan, diagnostics } = await compileText(text, change);
  if (!plan) throw new Error(`It does not compile:\n${renderDiagnostics(diagnostics)}`);
  return plan;
}

/** Complaints, short: `3:5 error unknown-field`. */
export function brief(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ severity, code, line, column }) => `${line}:${column} ${severity} ${code}`);
}
