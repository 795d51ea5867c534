import { EventBatch, PoisonError, type Sink, type Source } from "sluice/plugin";

/** Lines, some of which are poison. */
export const LINES = ["GET /cart 200", "bad order 17", "POST /köln 503", "", "bad order 18", "GET / 301"];
export const GOOD = LINES.filter((line) => !line.startsWith("bad"));
export const BAD = LINES.filter((line) => line.startsWith("bad"));

/** The bodies of a batch as text. */
export function bodies(batch: EventBatch): string[] {
  return Array.from({ length: batch.size }, (_, index) => batch.text(index));
}

/** Emits batches of lines, and remembers how many were answered. */
export function emitting(...batches: (readonly string[])[]) {
  const state = { answered: 0 };
  const source = (): Source => ({
    async run(emit) {
      for (const lines of batches) {
        await emit.ready;
        emit(EventBatch.from(lines.map((body) => ({ body, headers: { host: "web-1" } })))).then(
          () => state.answered++,
          () => {},
        );
      }
    },
  });
  return Object.assign(state, { source });
}

/** What a target says to a batch that holds bad lines. */
export function refusalOf(batch: EventBatch): PoisonError | undefined {
  const indexes = bodies(batch).flatMap((line, index) => line.startsWith("bad") ? [index] : []);
  return indexes.length === 0 ? undefined : new PoisonError("Answered 422", indexes);
}

/** Takes all lines but the bad ones. */
export function picky(seen: string[]): Sink {
  return {
    write(batch) {
      const refusal = refusalOf(batch);
      if (refusal) throw refusal;
      seen.push(...bodies(batch));
    },
  };
}

/** Keeps dead letters as events. */
export function keeping() {
  const events: { headers: Readonly<Record<string, string>>; body: string }[] = [];
  const write: Sink["write"] = (batch) => {
    for (const { headers, body } of batch) events.push({ headers, body: new TextDecoder().decode(body) });
  };
  return { events, write, sink: (): Sink => ({ write }), bodies: () => events.map(({ body }) => body) };
}
