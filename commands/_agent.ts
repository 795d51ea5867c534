import { errorText, type Logger } from "../core/mod.ts";
import type { Plan } from "../core/plan.ts";
import { memoryPositions, type PositionStore } from "../core/position.ts";
import { type RunningPipeline, startPipeline } from "../core/supervisor.ts";
import { EXIT } from "./exit.ts";
import { logFormat, type LogOptions, openLog } from "./_log.ts";
import { filePositions } from "./_positions.ts";
import { listenForStop } from "./_signals.ts";
import { renderSummary } from "./_summary.ts";
import { printError } from "./_terminal.ts";

/** How a plan is run. */
export interface AgentOptions {
  readonly file: string;
  readonly shutdownMs: number;
  readonly log: LogOptions;
}

/** How long a stop at once may still take to write positions. */
const LAST_WRITE_MS = 1000;

/** Runs a plan to its end, and answers with the exit code. */
export async function runAgent(plan: Plan, options: AgentOptions): Promise<number> {
  const logger = openLog(options.log);
  const agent = new Agent(plan, options, logger);
  const isReplayable = plan.sources.some(({ plugin }) => plugin.replayable);
  const log = logger("agent");
  const files = isReplayable
    ? await filePositions(plan.stateDir, {
      onFault: (text) => log.error("Positions are not saved", { text }),
    })
    : undefined;
  try {
    return await agent.run(files ?? memoryPositions());
  } finally {
    await files?.close();
  }
}

class Agent {
  readonly #plan: Plan;
  readonly #options: AgentOptions;
  readonly #logger: (component: string) => Logger;
  readonly #log: Logger;
  #running: RunningPipeline | undefined;
  #isStopping = false;
  #exitCode: number = EXIT.ok;

  constructor(plan: Plan, options: AgentOptions, logger: (component: string) => Logger) {
    this.#plan = plan;
    this.#options = options;
    this.#logger = logger;
    this.#log = logger("agent");
  }

  async run(positions: PositionStore): Promise<number> {
    this.#listenForFaults();
    const unlisten = listenForStop({
      onFirst: (name) => this.#stop(name),
      onSecond: (exitCode) => this.#stopAtOnce(exitCode, positions),
    });
    try {
      const { shutdownMs } = this.#options;
      this.#running = await startPipeline(this.#plan, { logger: this.#logger, positions, shutdownMs });
      this.#log.info("Started", { pipeline: this.#plan.name, file: this.#options.file });
      if (this.#isStopping) this.#stopInOrder();
      await this.#running.finished;
    } catch (cause) {
      this.#log.error(errorText(cause));
      this.#exitCode ||= EXIT.failed;
    } finally {
      unlisten();
    }
    // A rejection that nobody heard is told when the event loop turns.
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#showSummary();
    return this.#exitCode;
  }

  #stop(signal: string): void {
    this.#isStopping = true;
    this.#log.info("Stopping; a second signal stops at once", { signal });
    this.#stopInOrder();
  }

  /** What goes wrong is told by `finished`. */
  #stopInOrder(): void {
    this.#running?.stop().catch(() => {});
  }

  async #stopAtOnce(exitCode: number, positions: PositionStore): Promise<void> {
    this.#log.warn("Stopped at once; what was under way comes again or is lost, as each plugin's page says");
    const patience = new Promise((resolve) => setTimeout(resolve, LAST_WRITE_MS));
    await Promise.race([positions.flush().catch(() => {}), patience]);
    Deno.exit(exitCode);
  }

  /** What nobody waited for must not end the agent: the events are safe with their deliveries. */
  #listenForFaults(): void {
    const note = (cause: unknown) => {
      const stack = cause instanceof Error ? { stack: cause.stack } : {};
      this.#log.error(`A component let an error escape: ${errorText(cause)}`, stack);
      this.#exitCode ||= EXIT.failed;
    };
    addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      note(event.reason);
    });
    addEventListener("error", (event) => {
      event.preventDefault();
      note(event.error);
    });
  }

  #showSummary(): void {
    const { log } = this.#options;
    const components = this.#running?.components() ?? [];
    if (logFormat(log) === "json") {
      for (const { kind, name, state, counters } of components) {
        this.#logger(`${kind}.${name}`).info("Ended", { state, ...counters });
      }
      return;
    }
    if (log.level === undefined || log.level === "info" || log.level === "debug") {
      printError(renderSummary(components));
    }
  }
}
