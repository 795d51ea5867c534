import { fileURLToPath } from "node:url";
import { freePorts } from "../peers/free_ports.ts";
import { Peer } from "../peers/peer.ts";
import { readOutput } from "../trials/output.ts";

const DATA = fileURLToPath(new URL("../data/flume/confs/", import.meta.url));
const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));
const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));
const FILES = Array.from(Deno.readDirSync(DATA), ({ name }) => name);

/** Hosts, ports and paths of the files, which no test may use as they are. */
const HOSTS = /\b(?:hadoop10[234]|localhost|192\.168\.\d+\.\d+)\b/g;
const PORT = /(?<=\.port\s*=\s*|jdbc:mysql:\/\/[^/:\s]+:)\d+/g;
const PATHS = /\/opt\/module\/[\w./]+/g;

/** A machine of its own for the files that users wrote: one folder in place of `/`, and free ports in place of theirs. */
export class Place {
  readonly folder: string;
  readonly #ports = new Map<string, number>();
  readonly #peers: Peer[] = [];

  constructor() {
    this.folder = Deno.makeTempDirSync({ prefix: "confs-" });
  }

  /** A path as the files write it, in the folder. */
  path(written: string): string {
    return `${this.folder}${written}`;
  }

  /** The port that stands for one of the files. */
  port(written: number | string): number {
    const port = this.#ports.get(`${written}`) ?? freePorts(1)[0]!;
    this.#ports.set(`${written}`, port);
    return port;
  }

  /** The text of a file, unchanged but for hosts, ports and paths. `number` is the one in front of its name. */
  text(number: string): string {
    const name = FILES.find((name) => name.startsWith(`${number}-`))!;
    return Deno.readTextFileSync(`${DATA}${name}`)
      .replaceAll(HOSTS, "127.0.0.1")
      .replaceAll(PORT, (written) => `${this.port(written)}`)
      .replaceAll(PATHS, (written) => this.path(written));
  }

  /** Puts a file where a user has it; makes the folders above it. */
  put(path: string, text: string): string {
    const whole = this.path(path);
    Deno.mkdirSync(whole.slice(0, whole.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(whole, text);
    return whole;
  }

  /** Runs the program with what a user types, in the folder. */
  run(args: readonly string[]): Peer {
    const peer = new Peer({
      program: Deno.execPath(),
      args: ["run", "-A", CLI, ...args],
      cwd: this.folder,
      env: { SLUICE_STATE_DIR: this.path("/state") },
    });
    this.#peers.push(peer);
    return peer;
  }

  /** Runs the agent of a file as a user does, or of a changed text of it. */
  agent(number: string, text: string = this.text(number)): Peer {
    const file = this.put(`/job/${number}.conf`, text);
    const name = /^(\w+)\.sources\s*=/m.exec(text)![1]!;
    return this.run(["agent", "--name", name, "--conf-file", file, "-Dflume.root.logger=INFO,console"]);
  }

  /** The same, once its source listens. */
  async listening(number: string): Promise<Peer> {
    const peer = this.agent(number);
    await peer.untilItSays("Listening");
    return peer;
  }

  /** The lines of all files of a folder that a sink writes to, in the order in which the files were begun. */
  linesIn(folder: string): string[] {
    const files = Array.from(readOutput(this.path(folder)), ({ bytes }) => bytes.toString("utf8"));
    return files.join("").split("\n").slice(0, -1);
  }

  /** Modules for the classes of users that the examples bring. */
  classes(): string {
    return [
      `com.stt.demo.flume.Ch01_mySource.MySource: ${EXAMPLES}my_source.ts`,
      `com.stt.demo.flume.Ch02_mySink.MySink: ${EXAMPLES}my_sink.ts`,
      "",
    ].join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers) await peer.kill();
    await Deno.remove(this.folder, { recursive: true });
  }
}
