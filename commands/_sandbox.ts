import type { Compiled } from "../compiler/compile.ts";
import { permissionFlags } from "../compiler/permissions.ts";
import { absolutePath } from "./_surroundings.ts";

/** Variables that the program itself looks at; the last two are asked for by the YAML package. */
const OWN_ENV = ["HOME", "USERPROFILE", "SLUICE_STATE_DIR", "LOG_TOKENS", "LOG_STREAM"];

/** Deno's flags for just what a compiled pipeline needs, and the program around it. */
export function sandboxFlags(file: string, { plan, uses }: Compiled): readonly string[] {
  const env = [...uses.env, ...OWN_ENV];
  return permissionFlags(plan!, { file: absolutePath(file), uses: { ...uses, env } });
}
