import { Hono } from "hono";
import type { ComponentStatus } from "../core/component.ts";
import type { GaugeState } from "../core/counters.ts";
import { errorText } from "../core/errors.ts";
import { countersJson, type CounterSnapshot, counterSnapshot } from "../core/reporter.ts";
import { isLocalRequest } from "../protocols/loopback.ts";
import { renderMetrics } from "./metrics.ts";
import { readiness } from "./readiness.ts";
import type { AdminView } from "./view.ts";

/** Who may ask, and how many at once. */
export interface AdminLimits {
  /** True: only requests that name loopback, or one of `hosts`, as their host are answered. */
  readonly isLocal: boolean;
  readonly hosts: readonly string[];
  /** Requests answered at once; one more is told to come again. */
  readonly maxRequests: number;
}

const JSON_TYPE = "application/json;charset=utf-8";
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** The pages of the admin server. All of them only show; none shows a setting. */
export function adminApp(view: AdminView, limits: AdminLimits): Hono {
  const app = new Hono();
  let requests = 0;
  app.use(async ({ req, text }, next) => {
    if (limits.isLocal && !isLocalRequest(req.header("host") ?? null, limits.hosts)) {
      return text("This server answers only to names of loopback; `admin: { hosts: NAME }` adds one\n", 403);
    }
    if (!METHODS.has(req.method)) return text("Only GET is answered\n", 405, { allow: "GET, HEAD" });
    if (requests >= limits.maxRequests) return text("Busy\n", 503, { "retry-after": "1" });
    requests++;
    try {
      await next();
    } finally {
      requests--;
    }
  });
  app.get("/", ({ text }) => text(indexOf(view)));
  app.get("/healthz", ({ text }) => text("alive\n"));
  app.get("/readyz", ({ json }) => {
    const answer = readiness(view);
    return json(answer, answer.ready ? 200 : 503);
  });
  app.get("/metrics", async ({ body }) => {
    const { text, contentType } = await renderMetrics(view);
    return body(text, 200, { "content-type": contentType });
  });
  app.get("/metrics.json", ({ body }) => {
    return body(countersJson(withGauges(view.components())), 200, { "content-type": JSON_TYPE });
  });
  app.onError((cause, { text }) => text(`Failed: ${errorText(cause)}\n`, 500));
  app.notFound(({ text }) => text("Not found; / lists what there is\n", 404));
  return app;
}

/** Gauges stand beside the counters, their labels in the name: `KafkaPartitionLag{topic="app",partition="3"}`. */
function withGauges(components: readonly ComponentStatus[]): CounterSnapshot {
  const entries = components.flatMap((component) => {
    const gauges = Object.fromEntries(component.gauges.map((gauge) => [labelled(gauge), gauge.value]));
    return Object.entries(counterSnapshot([component]))
      .map(([name, counters]) => [name, { ...counters, ...gauges }] as const);
  });
  return Object.fromEntries(entries);
}

function labelled({ name, labels }: GaugeState): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(",")}}`;
}

function indexOf({ pipeline, version }: AdminView): string {
  return `Sluice ${version}, pipeline ${pipeline}

/metrics       all metrics for Prometheus
/metrics.json  all counters as Flume's JSON
/healthz       200 while the process is alive
/readyz        200 while every component is at work; else 503 with the reasons
`;
}
