import { errorText, type Logger } from "../core/mod.ts";
import type { Plan } from "../core/plan.ts";
import { memoryPositions, type Position, type PositionStore } from "../core/position.ts";
import { type RunningPipeline, startPipeline } from "../core/supervisor.ts";
import { EXIT } from "./exit.ts";
import { logFormat, type LogOptions, openLog } from "./_log.ts";
import { filePositions } from "./_positions.ts";
import { listenForReload } from "./_reload.ts";
import { listenForStop } from "./_signals.ts";
import { renderSummary } from "./_summary.ts";
import { printError } from "./_terminal.ts";

/** How a plan is run. */
export interface AgentOptions {
  readonly file: string;
  /** Reload also when the file has changed, not only at SIGHUP. */
  readonly isWatched: boolean;
  /** Reads the file again; undefined when it has errors, which it shows. */
  readPlan(): Promise<Plan | undefined>;
  readonly shutdownMs: number;
  readonly log: LogOptions;
}

/** How long a stop at once may still take to write positions. */
const LAST_WRITE_MS = 1000;

/** Runs a plan to its end, and answers with the exit code. */
export async function runAgent(plan: Plan, options: AgentOptions): Promise<number> {
  const logger = openLog(options.log);
  const positions = new AgentPositions(plan.stateDir, logger("agent"));
  try {
    if (keepsState(plan)) await positions.open();
    return await new Agent(plan, options, { logger, positions }).run();
  } finally {
    await positions.close();
  }
}

/** Whether a plan has a part that writes to the state folder. */
function keepsState({ sources, channels, takers, deadLetters }: Plan): boolean {
  const parts = [
    ...sources.flatMap((source) => [source, ...source.interceptors]),
    ...channels,
    ...takers.flatMap(({ sinks }) => sinks),
  ];
  // A replay of dead letters must find out that the pipeline is at work.
  return deadLetters !== undefined || parts.some(({ plugin }) => plugin.replayable || plugin.keepsState);
}

/** Positions in memory until a plan needs the state folder; a plan that does not leaves no trace on disk. */
class AgentPositions implements PositionStore {
  readonly #stateDir: string;
  readonly #log: Logger;
  #store: PositionStore & { close?(): Promise<void> } = memoryPositions();
  #isOpen = false;

  constructor(stateDir: string, log: Logger) {
    this.#stateDir = stateDir;
    this.#log = log;
  }

  async open(): Promise<void> {
    if (this.#isOpen) return;
    this.#store = await filePositions(this.#stateDir, {
      onFault: (text) => this.#log.error("Positions are not saved", { text }),
    });
    this.#isOpen = true;
  }

  load(source: string) {
    return this.#store.load(source);
  }

  save(source: string, position: Position): void {
    this.#store.save(source, position);
  }

  keeper(source: string): string | undefined {
    return this.#store.keeper(source);
  }

  setKeeper(source: string, keeper: string | undefined): void {
    this.#store.setKeeper(source, keeper);
  }

  flush(): Promise<void> {
    return this.#store.flush();
  }

  async close(): Promise<void> {
    await this.#store.close?.();
  }
}

class Agent {
  readonly #plan: Plan;
  readonly #options: AgentOptions;
  readonly #logger: (component: string) => Logger;
  readonly #log: Logger;
  readonly #positions: AgentPositions;
  readonly #started = Promise.withResolvers<RunningPipeline>();
  #running: RunningPipeline | undefined;
  #isStopping = false;
  #exitCode: number = EXIT.ok;

  constructor(
    plan: Plan,
    options: AgentOptions,
    parts: { readonly logger: (component: string) => Logger; readonly positions: AgentPositions },
  ) {
    this.#plan = plan;
    this.#options = options;
    this.#logger = parts.logger;
    this.#log = parts.logger("agent");
    this.#positions = parts.positions;
  }

  async run(): Promise<number> {
    this.#listenForFaults();
    const unlisten = this.#listen();
    try {
      const { shutdownMs, file } = this.#options;
      const options = { logger: this.#logger, positions: this.#positions, shutdownMs };
      this.#running = await startPipeline(this.#plan, options);
      this.#started.resolve(this.#running);
      this.#log.info("Started", { pipeline: this.#plan.name, file });
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

  #listen(): () => void {
    const { file, isWatched } = this.#options;
    const unlisten = [
      listenForStop({
        onFirst: (name) => this.#stop(name),
        onSecond: (exitCode) => this.#stopAtOnce(exitCode),
      }),
      listenForReload({ file, isWatched, onReload: (why) => void this.#reload(why) }),
    ];
    return () => unlisten.forEach((stop) => stop());
  }

  /** What is wrong with the new file leaves the old plan at work. */
  async #reload(why: string): Promise<void> {
    try {
      const plan = await this.#options.readPlan();
      if (!plan) {
        return this.#log.error("Not reloaded: the file has errors; the pipeline goes on as it was", { why });
      }
      if (keepsState(plan)) await this.#positions.open();
      const running = await this.#started.promise;
      await running.reload(plan);
      this.#log.info("Reloaded", { why });
    } catch (cause) {
      this.#log.error(`Not reloaded: ${errorText(cause)}`, { why });
    }
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

  async #stopAtOnce(exitCode: number): Promise<void> {
    this.#log.warn("Stopped at once; what was under way comes again or is lost, as each plugin's page says");
    const patience = new Promise((resolve) => setTimeout(resolve, LAST_WRITE_MS));
    await Promise.race([this.#positions.flush().catch(() => {}), patience]);
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
