import { Backoff } from "../core/backoff.ts";
import type { Logger } from "../core/context.ts";
import { systemClock } from "../core/context.ts";
import { errorText } from "../core/errors.ts";
import type { PlanAdmin } from "../core/plan.ts";
import { isLoopback } from "../protocols/loopback.ts";
import { adminApp } from "./app.ts";
import type { AdminView } from "./view.ts";

const MAX_REQUESTS = 64;

/** What the admin server needs. */
export interface AdminOptions {
  readonly place: PlanAdmin;
  readonly view: AdminView;
  readonly log: Logger;
}

/** The admin server at work. A port that is taken is tried again and again: the pipeline does not wait for it. */
export class AdminServer {
  readonly place: PlanAdmin;
  readonly #options: AdminOptions;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(options: AdminOptions) {
    this.place = options.place;
    this.#options = options;
    this.#done = this.#run();
  }

  /** Ends it; answers that are under way are finished. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#stop;
    const backoff = new Backoff({ firstMs: 1000, maxMs: 10_000 });
    let fault: string | undefined;
    while (!signal.aborted) {
      try {
        return await this.#listen().finished;
      } catch (cause) {
        const text = faultText(cause, this.place);
        if (text !== fault) log.error(`${text}; trying again`);
        fault = text;
      }
      await systemClock.sleep(backoff.next(), signal);
    }
  }

  #listen(): Deno.HttpServer<Deno.NetAddr> {
    const { place: { port, bind, hosts }, view, log } = this.#options;
    const isLocal = isLoopback(bind);
    const app = adminApp(view, { isLocal, hosts, maxRequests: MAX_REQUESTS });
    const { signal } = this.#stop;
    const server = Deno.serve({ port, hostname: bind, signal, onListen: () => {} }, app.fetch);
    const shown = bind.includes(":") ? `[${bind}]` : bind;
    const note = isLocal ? {} : { note: "Everybody who reaches this port can read the metrics" };
    log.info("Listening", { url: `http://${shown}:${server.addr.port}/`, ...note });
    return server;
  }
}

function faultText(cause: unknown, { bind, port }: PlanAdmin): string {
  const isTaken = cause instanceof Deno.errors.AddrInUse;
  const why = isTaken ? "another program has the port" : errorText(cause);
  return `Cannot listen on ${bind}:${port}: ${why}`;
}
