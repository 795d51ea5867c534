import { type Config, type Context, type Emit, type EventBatch, z } from "sluice/plugin";
import http from "../../../../plugins/sources/http.ts";
import { testContext } from "../../../support/context.ts";
import { until } from "../../../support/until.ts";

type Settings = Config<typeof http.config>;

/** The checked settings of a source on a free port. */
export function settingsOf(change: Record<string, unknown>): Settings {
  return z.object(http.config).parse({ port: 0, bind: "127.0.0.1", ...change }) as Settings;
}

/** A source that listens. */
export interface Running {
  readonly context: Context;
  readonly url: string;
  post(
    body: string | Uint8Array,
    headers?: Record<string, string>,
  ): Promise<{ status: number; text: string }>;
}

/** Runs a source for the time of a test. */
export async function withSource(
  emit: Emit,
  change: Record<string, unknown>,
  use: (running: Running) => Promise<void>,
) {
  const stop = new AbortController();
  const context = testContext({ signal: stop.signal });
  const source = await http.create(settingsOf(change), context);
  const running = source.run(emit);
  await Promise.race([running, until("the port", () => context.counters.get("Port") > 0)]);
  const url = `${change.ssl ? "https" : "http"}://127.0.0.1:${context.counters.get("Port")}/`;
  const post: Running["post"] = async (body, headers = {}) => {
    const response = await fetch(url, { method: "POST", body: body as BodyInit, headers });
    return { status: response.status, text: await response.text() };
  };
  try {
    await use({ context, url, post });
  } finally {
    stop.abort();
    await running;
  }
}

/** An `emit` that is always ready. */
export function emitOf(take: (batch: EventBatch) => Promise<void>): Emit {
  return Object.assign(take, { ready: Promise.resolve() });
}

/** Headers of a JSON post. */
export const JSON_TYPE = { "content-type": "application/json" };
/** A post of one event. */
export const ONE_EVENT = '[{"headers":{"host":"web-1"},"body":"GET /índex.html 200"}]';
