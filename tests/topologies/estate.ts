import { type Components, confText, type Settings } from "../peers/conf_text.ts";
import { freePorts } from "../peers/free_ports.ts";
import type { Peer } from "../peers/peer.ts";
import { spawnSluice, startSluice } from "../peers/sluice.ts";
import { readOutput } from "../trials/output.ts";

interface Member {
  readonly conf: string;
  readonly listening: number;
  peer?: Peer;
}

/** Agents on one machine that speak to each other, each a process with a folder of its own. */
export class Estate {
  readonly folder: string;
  readonly #ports = new Map<string, number>();
  readonly #members = new Map<string, Member>();

  constructor() {
    this.folder = Deno.makeTempDirSync({ prefix: "estate-" });
  }

  /** The port on which an agent listens. */
  port(name: string): number {
    const port = this.#ports.get(name) ?? freePorts(1)[0]!;
    this.#ports.set(name, port);
    return port;
  }

  /** Adds an agent, which is not started yet. */
  add(name: string, components: Components): void {
    const sources = Object.entries(components).filter(([place]) => place.startsWith("sources."));
    const listening = sources.filter(([, { port }]) => port !== undefined).length;
    this.#members.set(name, { conf: confText(components), listening });
  }

  /** Starts an agent, or starts it again; resolves when its sources listen. */
  async start(...names: readonly string[]): Promise<void> {
    await Promise.all(names.map(async (name) => {
      const member = this.#members.get(name)!;
      const folder = `${this.folder}/${name}`;
      member.peer = await startSluice({ ...member, name: "a1", folder });
    }));
  }

  /** Starts an agent again without waiting for it. */
  async launch(name: string): Promise<void> {
    const member = this.#members.get(name)!;
    member.peer = await spawnSluice({ ...member, name: "a1", folder: `${this.folder}/${name}` });
  }

  agent(name: string): Peer {
    return this.#members.get(name)!.peer!;
  }

  /** Stops all agents in order, in the order in which they were added; fails when one does not end as it should. */
  async stop(): Promise<void> {
    for (const [name, { peer }] of this.#members) {
      if (peer === undefined) continue;
      const code = await peer.stop();
      if (code !== 0) throw new Error(`${name} ended with ${code}; ${peer.lastWords}`);
    }
  }

  /** The lines that a file_roll sink of `storing` has written for an agent. */
  lines(name: string): string[] {
    const text = Array.from(readOutput(this.output(name)), ({ bytes }) => bytes.toString("utf8")).join("");
    return text.split("\n").slice(0, -1);
  }

  /** Where a file_roll sink of `storing` writes for an agent. */
  output(name: string): string {
    return `${this.folder}/${name}/out`;
  }

  /** A log file that a `tailing` agent follows. */
  log(name: string): string {
    return `${this.folder}/${name}/app.log`;
  }

  /** Adds an agent that follows a log and sends it by Avro; `sinks` are those it sends to, with their settings. */
  addTailing(name: string, more: Components): void {
    Deno.mkdirSync(`${this.folder}/${name}`, { recursive: true });
    Deno.writeTextFileSync(this.log(name), "");
    const { "sources.in": source, ...others } = more;
    this.add(name, {
      "sources.in": { type: "taildir", filegroups: "f", "filegroups.f": this.log(name), ...TAIL, ...source },
      ...others,
    });
  }

  /** A source that receives by Avro for an agent. */
  receiving(name: string, channels: string): Components {
    return { "sources.in": { type: "avro", bind: "127.0.0.1", port: this.port(name), channels } };
  }

  /** A channel that keeps events on disk. */
  keeping(name: string, channel: string): Components {
    const folder = `${this.folder}/${name}`;
    const folders = {
      checkpointDir: `${folder}/checkpoint-${channel}`,
      dataDirs: `${folder}/journal-${channel}`,
    };
    return { [`channels.${channel}`]: { type: "file", ...folders, ...ROOM } };
  }

  /** A sink that sends by Avro to an agent. */
  sending(sink: string, channel: string, to: string): Components {
    return {
      [`sinks.${sink}`]: { type: "avro", hostname: "127.0.0.1", port: this.port(to), ...PATIENCE, channel },
    };
  }

  /** An agent that receives by Avro, with some settings more, keeps on disk, and writes lines. */
  addStoring(name: string, more: Settings = {}): void {
    Deno.mkdirSync(this.output(name), { recursive: true });
    const { "sources.in": source } = this.receiving(name, "c");
    this.add(name, {
      "sources.in": { ...source, ...more },
      ...this.keeping(name, "c"),
      "sinks.out": { type: "file_roll", "sink.directory": this.output(name), ...ROLL, channel: "c" },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { peer } of this.#members.values()) await peer?.kill();
    await Deno.remove(this.folder, { recursive: true });
  }
}

const TAIL: Settings = { pollInterval: 50 };
/** Small journals, which are quick to open again. */
const ROOM: Settings = {
  maxFileSize: 4 * 1024 * 1024,
  minimumRequiredSpace: 1024 * 1024,
  checkpointInterval: 200,
};
/** A receiver that is gone shall be noticed within a test's time. */
const PATIENCE: Settings = { "batch-size": 100, "connect-timeout": 2000, "request-timeout": 2000 };
const ROLL: Settings = { "sink.rollInterval": 0 };
