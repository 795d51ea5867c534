import type { Compiled } from "../compiler/compile.ts";
import { permissionFlags } from "../compiler/permissions.ts";
import { absolutePath } from "./_surroundings.ts";

/** Variables that the program itself looks at; the last two are asked for by the YAML package. */
const OWN_ENV = ["HOME", "USERPROFILE", "SLUICE_STATE_DIR", "LOG_TOKENS", "LOG_STREAM"];

/** Deno's flags for just what a compiled pipeline needs, and the program around it. */
export function sandboxFlags(file: string, { plan, uses }: Compiled): readonly string[] {
  const env = [...uses.env, ...OWN_ENV];
  return permissionFlags(plan!, {
    file: absolutePath(file),
    uses: { ...uses, env },
    packages: packageFolder(),
  });
}

/** Where Deno keeps what it has fetched: DENO_DIR, or the system's folder for caches. */
function packageFolder(): string | undefined {
  const own = Deno.env.get("DENO_DIR");
  if (own !== undefined) return `${own}/npm`;
  const home = Deno.env.get("HOME");
  if (Deno.build.os === "darwin") return home && `${home}/Library/Caches/deno/npm`;
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? (home && `${home}/.cache`);
  return cache && `${cache}/deno/npm`;
}
