import assert from "node:assert/strict";
import { Agent } from "../agent.ts";

/** Agents on one machine, each with a pipeline and a folder of its own. */
export class Crew {
  readonly folder: string;
  readonly #agents = new Map<string, Agent>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Writes the pipeline of an agent; FOLDER in it stands for the agent's own. */
  add(name: string, pipeline: string): void {
    Deno.mkdirSync(`${this.folder}/${name}`, { recursive: true });
    const text = pipeline.replaceAll("FOLDER", `${this.folder}/${name}`);
    Deno.writeTextFileSync(this.options(name).pipeline, text);
  }

  /** How an agent is started. */
  options(name: string): { readonly pipeline: string; readonly stateDir: string } {
    return { pipeline: `${this.folder}/${name}/trial.yaml`, stateDir: `${this.folder}/${name}/state` };
  }

  /** Starts an agent, or starts it again. */
  start(name: string): Agent {
    const agent = new Agent(this.options(name));
    this.#agents.set(name, agent);
    return agent;
  }

  agent(name: string): Agent {
    return this.#agents.get(name)!;
  }

  async kill(name: string): Promise<void> {
    this.agent(name).signal("SIGKILL");
    await this.agent(name).ended;
  }

  /** Stops an agent in order; fails when it does not end as it should. */
  async stop(name: string): Promise<void> {
    const agent = this.agent(name);
    assert.equal(await agent.stop(), 0, this.lastWords(name));
  }

  /** The end of an agent's log, for what a failed trial tells. */
  lastWords(name: string): string {
    return `${name} says:\n${this.agent(name).lines.slice(-20).join("\n")}`;
  }

  /** Where an agent's file_roll sink writes. */
  output(name: string): string {
    return `${this.folder}/${name}/out`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#agents.keys()) await this.kill(name);
  }
}
