import {
  bool,
  choice,
  type Codec,
  codec,
  type Config,
  type Context,
  defineSink,
  DeliveryError,
  duration,
  type EventBatch,
  int,
  list,
  map,
  PoisonError,
  secret,
  text,
  url,
} from "sluice/plugin";
import { Poster } from "./_http/poster.ts";
import { findOddStatuses, isIn, judge, type RuleSettings } from "./_http/rules.ts";
import { Window } from "./_http/window.ts";

const config = {
  endpoint: url(["http", "https"]).describe("Where events are posted."),
  connectTimeout: duration("ms").default(5000).describe("How long a connection may take to be made."),
  requestTimeout: duration("ms").default(5000).describe("How long an answer may take after that."),
  contentTypeHeader: text().default("text/plain").describe(
    "Content-Type sent; with an encoder, text/plain gives way to the encoder's own type.",
  ),
  acceptHeader: text().default("text/plain").describe("Accept sent."),
  defaultBackoff: bool().default(true).describe("Slow down after a status that no rule names."),
  defaultRollback: bool().default(true).describe("Send again after a status that no rule names."),
  defaultIncrementMetrics: bool().default(false).describe(
    "Count as drained after a status that no rule names.",
  ),
  backoff: map(bool()).default({}).describe(
    "Rules for a code such as 503 or a class such as 5XX; the code wins.",
  ),
  rollback: map(bool()).default({}).describe("The same for sending again; false gives the events up."),
  incrementMetrics: map(bool()).default({}).describe("The same for counting them as drained."),
  poison: list().default([]).describe(
    "Statuses (413, 4XX) that say that the target will never accept what was posted: it goes to the dead letters. They win over the rules.",
  ),
  encoder: codec("encoder").optional().describe(
    "Post whole batches in this format (json, line, …) instead of one event's body a request.",
  ),
  batchSize: int({ min: 1 }, { unit: "events" }).default(1000).describe(
    "Events in one request, with an encoder.",
  ),
  compression: choice(["none", "gzip"]).default("none").describe("Content-Encoding of what is sent."),
  maxRequests: int({ min: 1 }, { unit: "requests" }).default(1)
    .describe("Requests in flight; commits keep the order, arrival at the target does not when more than 1."),
  token: secret().optional().describe("Bearer token."),
  username: text().optional().describe("User name for basic authentication."),
  password: secret().optional().describe("Password for basic authentication."),
};

type HttpConfig = Config<typeof config>;

/** Flume's waits for a sink that reports BACKOFF: one second more each time, five at most. */
const BACKOFF_STEP_MS = 1000;
const BACKOFF_MAX_MS = 5000;
/** Immediate tries where a rule says "again, without slowing down"; then the pipeline's own backoff takes over. */
const MAX_RESENDS = 10;

export default defineSink({
  name: "http",
  aliases: ["org.apache.flume.sink.http.HttpSink"],
  summary: "Posts each event, or whole batches in a format, to a URL.",
  about:
    "Without `encoder` each event's body is one request, as in Flume: headers are not sent, and events with an empty body " +
    "are consumed without one. With `encoder` a batch is one request. `backoff`, `rollback` and `incrementMetrics` say what a " +
    "status means; a 2xx that no rule names is a success (Flume would send it again unless `rollback.200` is false). A " +
    "redirect is a status like any other. Where a rule asks for rollback without backoff, the request is repeated up to " +
    `${MAX_RESENDS} times at once. Delivery is at least once.\n\n` +
    "With `poison` all events of a post with such a status go to the pipeline's dead letters; a smaller `batchSize` sets fewer " +
    "good ones aside with a bad one. It is empty by default: as in Flume a 400 is sent again until the target takes it.",
  config,
  check: findConflicts,
  examples: [{
    title: "Post JSON batches",
    yaml: `source: { type: netcat, bind: 127.0.0.1, port: 44444 }
channel: { type: memory, capacity: 10000, transactionCapacity: 1000 }
sink: { type: http, endpoint: "http://127.0.0.1:8080/events", encoder: json, compression: gzip }`,
  }],
  async create(settings, context) {
    const format = settings.encoder && await context.codec(settings.encoder);
    if (format && !format.encoder) throw new Error(`Codec "${settings.encoder!.plugin.name}" cannot encode`);
    const target = new HttpTarget(settings, context);
    const window = new Window(settings.maxRequests);
    return {
      batchSize: format ? settings.batchSize : 1,
      async write(batch, signal) {
        await window.enter();
        const body = toBody(batch, settings, format);
        const sent = body.then((body) => target.send(body, signal)).finally(() => window.leave());
        // The batch's own bytes may be gone once this answers.
        await body.catch(() => {});
        if (settings.maxRequests === 1) return await sent;
        return { delivered: sent };
      },
    };
  },
});

function findConflicts(settings: HttpConfig) {
  const found = findOddStatuses(settings.poison).map((status) => ({
    key: "poison",
    text: `"${status}" in poison is no status`,
    fix: "write codes such as 413, or a class such as 4XX",
  }));
  for (const key of ["backoff", "rollback", "incrementMetrics"] as const) {
    for (const code of findOddStatuses(Object.keys(settings[key]))) {
      found.push({
        key,
        text: `${key}.${code} is no status`,
        fix: "write a code such as 503, or a class such as 5XX",
      });
    }
  }
  if ((settings.username === undefined) !== (settings.password === undefined)) {
    found.push({ key: "username", text: "username and password go together", fix: "set both" });
  }
  return found;
}

interface PostBody {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly size: number;
}

/** Copies: a request may still be on its way when the batch's own bytes are gone. */
async function toBody(batch: EventBatch, settings: HttpConfig, format: Codec | undefined): Promise<PostBody> {
  const { contentTypeHeader } = settings;
  if (!format) return { bytes: batch.body(0).slice(), contentType: contentTypeHeader, size: batch.size };
  const encoder = format.encoder!();
  const parts = [encoder.begin?.(), ...await encoder.encode(batch), encoder.end?.()];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0));
  let offset = 0;
  for (const part of parts) {
    if (part) bytes.set(part, offset);
    offset += part?.length ?? 0;
  }
  const isPlain = contentTypeHeader === "text/plain";
  return {
    bytes,
    contentType: isPlain ? encoder.contentType ?? contentTypeHeader : contentTypeHeader,
    size: batch.size,
  };
}

/** Sends bodies and acts on what the target says to them. */
class HttpTarget {
  readonly #rules: RuleSettings;
  readonly #poster: Poster;
  readonly #context: Context;
  readonly #endpoint: string;
  readonly #poison: readonly string[];
  #backoffs = 0;

  constructor(settings: HttpConfig, context: Context) {
    const { defaultBackoff: backoff, defaultRollback: rollback, defaultIncrementMetrics: incrementMetrics } =
      settings;
    this.#rules = { ...settings, defaults: { backoff, rollback, incrementMetrics } };
    this.#poster = new Poster({
      endpoint: settings.endpoint,
      timeoutMs: settings.connectTimeout + settings.requestTimeout,
      headers: { accept: settings.acceptHeader, ...authorizationOf(settings) },
      isCompressed: settings.compression === "gzip",
    });
    this.#context = context;
    this.#endpoint = settings.endpoint;
    this.#poison = settings.poison;
  }

  /** Resolves when the events are done with; rejects when they must go again. */
  async send({ bytes, contentType, size }: PostBody, signal: AbortSignal): Promise<void> {
    if (bytes.length === 0) return;
    for (let tries = 1;; tries++) {
      const { status, excerpt } = await this.#poster.post(bytes, contentType, signal);
      if (isIn(status, this.#poison)) throw new PoisonError(this.#refusal(status, excerpt), indexesTo(size));
      const { rollback, backoff, incrementMetrics } = judge(status, this.#rules);
      if (!rollback) {
        // Core counts every committed batch as drained; this takes it back where a rule says so.
        if (!incrementMetrics) this.#context.counters.add("EventDrainSuccessCount", -size);
        return await this.#slowDown(backoff, signal);
      }
      if (backoff || tries > MAX_RESENDS) throw new DeliveryError(this.#refusal(status, excerpt));
    }
  }

  async #slowDown(isSlower: boolean, signal: AbortSignal): Promise<void> {
    this.#backoffs = isSlower ? this.#backoffs + 1 : 0;
    const waitMs = Math.min(this.#backoffs * BACKOFF_STEP_MS, BACKOFF_MAX_MS);
    if (waitMs > 0) await this.#context.clock.sleep(waitMs, signal);
  }

  #refusal(status: number, excerpt: string): string {
    return `${this.#endpoint} answered ${status}${excerpt && ` "${excerpt}"`}`;
  }
}

function indexesTo(size: number): readonly number[] {
  return Array.from({ length: size }, (_, index) => index);
}

function authorizationOf({ token, username, password }: HttpConfig): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (username === undefined) return {};
  const pair = new TextEncoder().encode(`${username}:${password ?? ""}`);
  return { authorization: `Basic ${pair.toBase64()}` };
}
