import { compile, type Compiled } from "../../compiler/compile.ts";
import { renderDiagnostics } from "../../compiler/diagnostics.ts";
import { FOLDER, testSurroundings } from "./_around.ts";

/** A small agent whose lines can be added to: a `probe` source, a memory channel, a `store` sink. */
export const CONF = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = probe
a1.sources.r1.port = 4711
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = store
a1.sinks.k1.store.path = /srv/a
a1.sinks.k1.channel = c1
`;

/** Compiles a Flume file that seems to lie beside the tests. */
export function compileConf(
  text: string,
  change: Parameters<typeof testSurroundings>[0] = {},
): Promise<Compiled> {
  return compile(text, `${FOLDER}flume.conf`, testSurroundings(change));
}

/** Compiles a Flume file that must be without errors; answers with its plan. */
export async function planOfConf(text: string, change: Parameters<typeof testSurroundings>[0] = {}) {
  const { plan, diagnostics } = await compileConf(text, change);
  if (!plan) throw new Error(`It does not compile:\n${renderDiagnostics(diagnostics)}`);
  return plan;
}
