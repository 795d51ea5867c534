import { Backoff, errorText, systemClock } from "../../core/mod.ts";
import { ZooKeeperSession } from "../../protocols/zookeeper/session.ts";
import { CommandError } from "../exit.ts";
import type { ConfigurationText } from "../_pipeline_file.ts";
import type { ChangeListener } from "../_reload.ts";
import { Complaints, type ConfigurationPlace } from "./place.ts";
import { nodePath, readConnectString, type ZooKeeperHosts } from "./zookeeper_hosts.ts";

/** Which node is read. */
export interface ZooKeeperNode {
  /** `h1:2181,h2:2181/chroot`. */
  readonly connect: string;
  readonly basePath: string;
  readonly agent: string;
}

const SESSION_MS = 10_000;
const CONNECT_MS = 5000;
/** How long the first answer is waited for. */
const FIRST_MS = 15_000;

/** The text of a node in ZooKeeper, `<base path>/<agent>`, and a watch on it that outlives servers and sessions. */
export class ZooKeeperPlace implements ConfigurationPlace {
  readonly name: string;
  readonly #hosts: ZooKeeperHosts["hosts"];
  readonly #path: string;
  readonly #stop = new AbortController();
  readonly #complaints = new Complaints();
  readonly #firstLook = Promise.withResolvers<void>();
  #session: ZooKeeperSession | undefined;
  #listener: ChangeListener | undefined;
  #following: Promise<void> | undefined;
  /** What the node holds, as far as is known. */
  #text: string | undefined;
  /** What `read` gave last. */
  #given: string | undefined;
  #fault = "no server has answered";

  constructor({ connect, basePath, agent }: ZooKeeperNode) {
    const { hosts, chroot } = readConnectString(connect);
    this.#hosts = hosts;
    this.#path = nodePath(chroot, basePath, agent);
    this.name = `zookeeper:${this.#path}`;
  }

  async read(): Promise<ConfigurationText> {
    this.#following ??= this.#follow();
    let limit: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise((resolve) => limit = setTimeout(resolve, FIRST_MS));
    await Promise.race([this.#firstLook.promise, patience]).finally(() => clearTimeout(limit));
    this.#given = this.#text;
    if (this.#text !== undefined) return { text: this.#text, file: this.name };
    throw new CommandError(`Cannot read the configuration of ${this.name}: ${this.#fault}`, {
      fix: "check --zkConnString and --zkBasePath; write the node with zkCli.sh create",
    });
  }

  watch(listener: ChangeListener): () => void {
    this.#listener = listener;
    this.#tell();
    return () => this.#listener = undefined;
  }

  close(): void {
    this.#stop.abort();
    this.#session?.close();
  }

  /** Goes from server to server, beginning anywhere, and waits longer after each round in vain. */
  async #follow(): Promise<void> {
    const backoff = new Backoff({ firstMs: 500, maxMs: 10_000 });
    let at = Math.floor(Math.random() * this.#hosts.length);
    for (let failures = 0; !this.#stop.signal.aborted; at++) {
      try {
        await this.#stay(this.#hosts[at % this.#hosts.length]!, () => {
          failures = 0;
          backoff.reset();
        });
      } catch (cause) {
        if (this.#stop.signal.aborted) return;
        this.#fail(errorText(cause));
        if (++failures % this.#hosts.length === 0) await systemClock.sleep(backoff.next(), this.#stop.signal);
      }
    }
  }

  /** Reads the node again and again, whenever it changes, until the connection ends. */
  async #stay(host: ZooKeeperHosts["hosts"][number], onLook: () => void): Promise<void> {
    let changed = Promise.withResolvers<void>();
    const wire = await connect(host);
    this.#session = await ZooKeeperSession.open(wire, {
      timeoutMs: SESSION_MS,
      onChange: () => changed.resolve(),
    });
    while (!this.#stop.signal.aborted) {
      changed = Promise.withResolvers<void>();
      this.#look(await this.#session.read(this.#path));
      onLook();
      await Promise.race([changed.promise, this.#session.ended]);
    }
    this.#session.close();
  }

  #look(content: Uint8Array | undefined): void {
    if (content === undefined) {
      this.#fail(
        this.#text === undefined ? "the node does not exist" : "the node is gone; all goes on as it was",
      );
    } else {
      this.#complaints.clear();
      this.#text = new TextDecoder().decode(content);
      this.#tell();
    }
    this.#firstLook.resolve();
  }

  #tell(): void {
    if (this.#text === undefined || this.#text === this.#given || !this.#listener) return;
    this.#given = this.#text;
    this.#listener.changed(`${this.name} changed`);
  }

  #fail(fault: string): void {
    this.#fault = fault;
    const text = `${this.name}: ${fault}; looking again`;
    if (this.#complaints.isNew(text)) this.#listener?.failed(text);
  }
}

async function connect({ hostname, port }: ZooKeeperHosts["hosts"][number]): Promise<Deno.Conn> {
  const connecting = Deno.connect({ hostname, port });
  let limit: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    limit = setTimeout(() => reject(new Error(`no connection within ${CONNECT_MS} ms`)), CONNECT_MS);
  });
  try {
    return await Promise.race([connecting, late]);
  } catch (cause) {
    connecting.then((conn) => conn.close(), () => {});
    throw new Error(`Cannot connect to ${hostname}:${port}`, { cause });
  } finally {
    clearTimeout(limit);
  }
}
