/** Answers that may be owed to one client; more stop the reading. */
const MAX_OWED = 16;
const OK = "OK\n";

let okBytes = new TextEncoder().encode(OK.repeat(1024));

/** Writes answers to one client in the order of its lines, many in one write. */
export class Answers {
  readonly #conn: Deno.Conn;
  #last: Promise<void> = Promise.resolve();
  #owed = 0;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Answers OK for each of some lines once `committed` resolves, the reason for each when it rejects. */
  owe(lines: number, committed: Promise<void>): void {
    const settled = committed.then(
      () => okLines(lines),
      (cause) => new TextEncoder().encode(`FAILED: ${oneLine(cause)}\n`.repeat(lines)),
    );
    this.#add(settled);
  }

  /** Writes a text after all answers before it. */
  say(text: string): void {
    this.#add(Promise.resolve(new TextEncoder().encode(text)));
  }

  /** Resolves when little enough is owed to read on. */
  async room(): Promise<void> {
    if (this.#owed >= MAX_OWED) await this.#last;
  }

  /** Resolves when nothing is owed; rejects when the client has gone. */
  async written(): Promise<void> {
    await this.#last;
  }

  #add(settled: Promise<Uint8Array>): void {
    this.#owed++;
    const earlier = this.#last;
    const write = async () => {
      try {
        await earlier;
        await writeAll(this.#conn, await settled);
      } finally {
        this.#owed--;
      }
    };
    this.#last = write();
    this.#last.catch(() => {});
  }
}

/** The same bytes serve all connections. */
function okLines(lines: number): Uint8Array {
  if (lines * OK.length > okBytes.length) okBytes = new TextEncoder().encode(OK.repeat(lines * 2));
  return okBytes.subarray(0, lines * OK.length);
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await conn.write(rest));
}

function oneLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replaceAll(/\s*\n\s*/g, " ");
}
