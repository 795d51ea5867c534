/** A client of the netcat source, as `nc` is one. */
export class Netcat {
  readonly #conn: Deno.Conn;
  readonly #answers: ReadableStreamDefaultReader<string>;
  #rest = "";

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
    this.#answers = conn.readable.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async connect(port: number): Promise<Netcat> {
    return new Netcat(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Sends lines and waits for as many answers, which it gives. */
  async send(lines: readonly string[], end = "\n"): Promise<string[]> {
    const bytes = new TextEncoder().encode(lines.map((line) => line + end).join(""));
    for (let offset = 0; offset < bytes.length;) offset += await this.#conn.write(bytes.subarray(offset));
    const answers: string[] = [];
    while (answers.length < lines.length) answers.push(await this.#answer());
    return answers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#answers.cancel();
  }

  async #answer(): Promise<string> {
    for (let at = this.#rest.indexOf("\n");; at = this.#rest.indexOf("\n")) {
      if (at >= 0) {
        const answer = this.#rest.slice(0, at);
        this.#rest = this.#rest.slice(at + 1);
        return answer;
      }
      const { value } = await this.#answers.read();
      if (value === undefined) throw new Error("The source closed the connection");
      this.#rest += value;
    }
  }
}
