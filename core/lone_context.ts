import { type Context, systemClock } from "./context.ts";
import { Counters } from "./counters.ts";

/** A context for a component that no pipeline runs, as in a command or a test: it logs nothing, keeps nothing, and has no codecs. */
export function loneContext(name: string): Context {
  const silent = () => {};
  return {
    name,
    signal: new AbortController().signal,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    clock: systemClock,
    counters: new Counters(),
    stateDir: "",
    hold: silent,
    recover: silent,
    codec: () => Promise.reject(new TypeError(`"${name}" runs without a pipeline, and has no codecs`)),
  };
}
