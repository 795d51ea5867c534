import type { Wire } from "../../../../protocols/hadoop/http_answer.ts";
import type { HttpHost } from "../../../../protocols/hadoop/http_call.ts";
import { connectTcp, type TcpClient, type TlsTarget } from "../../../../protocols/tcp_client.ts";

/** Whom to trust where TLS is spoken, and for how long to try. */
export interface WireOptions {
  readonly tls: TlsTarget;
  readonly timeoutMs: number;
}

/**
 * Connects to a server, by TLS where its address says so. Without TLS not by way of node:net, which throws away an answer
 * that nobody has read yet when a write fails: the very answer that says why.
 */
export async function connectWire(host: HttpHost, { tls, timeoutMs }: WireOptions): Promise<Wire> {
  const { hostname, port, isSecure } = host;
  if (isSecure) {
    const { signal } = new AbortController();
    return new TlsWire(await connectTcp({ hostname, port, tls, timeoutMs, signal }));
  }
  const conn = await Deno.connect({ hostname, port });
  conn.setNoDelay();
  return conn;
}

class TlsWire implements Wire {
  readonly #client: TcpClient;
  #unread: Uint8Array | undefined;

  constructor(client: TcpClient) {
    this.#client = client;
  }

  async read(into: Uint8Array): Promise<number | null> {
    const bytes = this.#unread ?? await this.#client.read();
    if (bytes === undefined) return null;
    const part = bytes.subarray(0, into.length);
    into.set(part);
    this.#unread = part.length < bytes.length ? bytes.subarray(part.length) : undefined;
    return part.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.#client.write(bytes);
    await this.#client.drained();
    return bytes.length;
  }

  close(): void {
    this.#client.close();
  }
}
