/** How a target answers. */
export type Mood = "prompt" | "slow" | "stuck";

const SLOW_MS = 100;

/** An HTTP server that a sink posts lines to, and that can get slow or stuck. */
export class Target {
  /** Lines that it has taken, each as often as it came. */
  readonly lines = new Map<string, number>();
  mood: Mood;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #end = new AbortController();

  constructor(mood: Mood) {
    this.mood = mood;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => this.#take(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#server.shutdown();
  }

  async #take(request: Request): Promise<Response> {
    const text = await request.text();
    if (this.mood === "stuck") await this.#untilUnstuck();
    if (this.mood === "slow") await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    if (this.mood === "stuck") return new Response("Stuck", { status: 503 });
    for (const line of text.split("\n").slice(0, -1)) this.lines.set(line, (this.lines.get(line) ?? 0) + 1);
    return new Response("Taken");
  }

  async #untilUnstuck(): Promise<void> {
    while (this.mood === "stuck" && !this.#end.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
