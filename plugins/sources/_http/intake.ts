import { type Context, type Emit, errorText } from "sluice/plugin";
import { isPlain, readBody } from "./body.ts";
import { Exchange, type ExchangeOwner } from "./exchange.ts";
import type { Formats, RequestEvents } from "./formats.ts";
import { JointEmit } from "./joint_emit.ts";
import { Refusal } from "./refusal.ts";

/** What one source lets in. */
export interface IntakeLimits {
  readonly maxRequests: number;
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
  readonly retryAfterSeconds: number;
}

// An answer without a body holds no state, so one serves all requests.
const ACCEPTED = new Response(null, { status: 200 });

/** Takes requests in: body → events → joint batch → answer, each step with its limit. */
export class Intake implements ExchangeOwner {
  readonly #formats: Formats;
  readonly #limits: IntakeLimits;
  readonly #context: Context;
  readonly #joint: JointEmit;
  readonly #open = new Set<Exchange>();

  constructor(emit: Emit, parts: { formats: Formats; limits: IntakeLimits; context: Context }) {
    this.#formats = parts.formats;
    this.#limits = parts.limits;
    this.#context = parts.context;
    this.#joint = new JointEmit(emit);
  }

  /** Answers one POST once its events are committed. */
  accept(request: Request): Response | Promise<Response> {
    if (this.#open.size >= this.#limits.maxRequests) {
      return this.#busy(429, `${this.#open.size} requests are in flight`);
    }
    const { maxBodyBytes } = this.#limits;
    try {
      const format = this.#formats.for(request.headers.get("content-type"));
      const isDirect = isPlain(request, maxBodyBytes);
      if (isDirect && format.fromText) return this.#answer(request.text(), format.fromText);
      const bytes = isDirect ? request.bytes() : readBody(request, maxBodyBytes);
      return this.#answer(bytes, (bytes) => format.fromBytes(bytes, request));
    } catch (cause) {
      return this.#explain(cause);
    }
  }

  /** No async functions from here to the answer: each would cost every request a turn. */
  #answer<Body>(
    body: Promise<Body>,
    read: (body: Body) => RequestEvents | Promise<RequestEvents>,
  ): Promise<Response> {
    return new Promise((resolve) => {
      const exchange = new Exchange(this, resolve, this.#context.clock.now());
      this.#open.add(exchange);
      body.then(
        (body) => this.#decode(exchange, body, read),
        (cause) => this.#failReading(exchange, cause),
      );
    });
  }

  /** Answers 408 to those whose body does not come, until the signal aborts. */
  async watchSlowBodies(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const { bodyTimeoutMs } = this.#limits;
    while (!signal.aborted) {
      await clock.sleep(Math.min(1000, bodyTimeoutMs / 2), signal);
      const latestMs = clock.now() - bodyTimeoutMs;
      for (const exchange of this.#open) {
        if (!exchange.isReading || exchange.startedMs > latestMs) continue;
        exchange.answer(this.#explain(new Refusal(408, `The body did not come within ${bodyTimeoutMs} ms`)));
      }
    }
  }

  closed(exchange: Exchange): void {
    this.#open.delete(exchange);
  }

  accepted(): Response {
    return ACCEPTED;
  }

  refused(cause: unknown): Response {
    return this.#busy(503, errorText(cause));
  }

  #decode<Body>(
    exchange: Exchange,
    body: Body,
    read: (body: Body) => RequestEvents | Promise<RequestEvents>,
  ): void {
    exchange.isReading = false;
    if (exchange.isAnswered) return;
    try {
      const events = read(body);
      if (!(events instanceof Promise)) return this.#joint.add(events, exchange);
      events.then(
        (decoded) => this.#joint.add(decoded, exchange),
        (cause) => exchange.answer(this.#explain(cause)),
      );
    } catch (cause) {
      exchange.answer(this.#explain(cause));
    }
  }

  /** A client that went away hears nothing; it is counted all the same. */
  #failReading(exchange: Exchange, cause: unknown): void {
    if (exchange.isAnswered) return;
    const reason = cause instanceof Refusal ? cause : new Refusal(400, "The body ended early", { cause });
    exchange.answer(this.#explain(reason));
  }

  #explain(cause: unknown): Response {
    if (cause instanceof Refusal || cause instanceof SyntaxError || cause instanceof RangeError) {
      this.#context.counters.add("EventReadFail");
      return new Response(`${cause.message}\n`, { status: cause instanceof Refusal ? cause.status : 400 });
    }
    this.#context.counters.add("GenericProcessingFail");
    this.#context.log.warn("Cannot decode a request", { cause: errorText(cause) });
    return new Response("The handler failed; the log of the pipeline tells why\n", { status: 500 });
  }

  #busy(status: 429 | 503, reason: string): Response {
    const { retryAfterSeconds } = this.#limits;
    return new Response(`${reason}: send again in ${retryAfterSeconds} s\n`, {
      status,
      headers: { "retry-after": String(retryAfterSeconds) },
    });
  }
}
