import { errorText, type Logger } from "../core/mod.ts";
import type { Plan } from "../core/plan.ts";
import { memoryPositions, type Position, type PositionStore } from "../core/position.ts";
import { type RunningPipeline, startPipeline } from "../core/supervisor.ts";
import { EXIT } from "./exit.ts";
import { leftStages } from "./_left_stages.ts";
import { logFormat, type LogOptions, openLog } from "./_log.ts";
import type { Monitors } from "./_monitors.ts";
import { filePositions } from "./_positions.ts";
import { type ChangeListener, listenForHangup } from "./_reload.ts";
import { listenForStop } from "./_signals.ts";
import { renderSummary } from "./_summary.ts";
import { printError } from "./_terminal.ts";

/** How a plan is run. */
export interface AgentOptions {
  /** What the plan was read from, for the log: a path, an address, a node. */
  readonly file: string;
  /** Tells of changes until the answer is called; absent: only SIGHUP reloads. */
  readonly watch?: ((listener: ChangeListener) => () => void) | undefined;
  /** Reads the configuration again; undefined when it has errors, which it shows. */
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
  /** Loaded when a plan first asks for one. */
  #monitors: Promise<Monitors> | undefined;
  #reading: Promise<unknown> = Promise.resolve();
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
      // Before the pipeline, whose start may take long: it can be asked meanwhile.
      void this.#useMonitors(this.#plan);
      this.#running = await startPipeline(this.#plan, options);
      this.#started.resolve(this.#running);
      this.#log.info("Started", { pipeline: this.#plan.name, file });
      this.#tellLeftStages(this.#plan);
      if (this.#isStopping) this.#stopInOrder();
      await this.#running.finished;
    } catch (cause) {
      this.#log.error(errorText(cause));
      this.#exitCode ||= EXIT.failed;
    } finally {
      unlisten();
      await this.#monitors?.then((monitors) => monitors.stop()).catch(() => {});
    }
    // A rejection that nobody heard is told when the event loop turns.
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#showSummary();
    return this.#exitCode;
  }

  #listen(): () => void {
    const unlisten = [
      listenForStop({
        onFirst: (name) => this.#stop(name),
        onSecond: (exitCode) => this.#stopAtOnce(exitCode),
      }),
      listenForHangup((why) => void this.#reload(why)),
    ];
    const unwatch = this.#options.watch?.({
      changed: (why) => void this.#reload(why),
      failed: (text) => this.#log.warn(text),
    });
    if (unwatch) unlisten.push(unwatch);
    return () => unlisten.forEach((stop) => stop());
  }

  /** What is wrong with the new file leaves the old plan at work. */
  async #reload(why: string): Promise<void> {
    try {
      const reading = this.#reading.then(() => this.#options.readPlan());
      this.#reading = reading.catch(() => {});
      const plan = await reading;
      if (!plan) {
        return this.#log.error("Not reloaded: it has errors; the pipeline goes on as it was", { why });
      }
      if (keepsState(plan)) await this.#positions.open();
      const running = await this.#started.promise;
      await running.reload(plan);
      await this.#useMonitors(plan);
      this.#log.info("Reloaded", { why });
      this.#tellLeftStages(plan);
    } catch (cause) {
      this.#log.error(`Not reloaded: ${errorText(cause)}`, { why });
    }
  }

  #tellLeftStages(plan: Plan): void {
    const text =
      "Files wait in the stage of a sink that does not run: name an hdfs sink so until they are sent";
    for (const left of leftStages(plan)) this.#log.warn(text, { ...left });
  }

  async #useMonitors(plan: Plan): Promise<void> {
    if (!this.#monitors && !plan.admin && !plan.reporters) return;
    this.#monitors ??= import("./_monitors.ts").then(({ Monitors }) =>
      new Monitors({
        logger: this.#logger,
        stateDir: plan.stateDir,
        phase: () => this.#isStopping ? "stopping" : this.#running ? "running" : "starting",
        components: () => this.#running?.components() ?? [],
      })
    );
    await (await this.#monitors).use(plan);
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
        const moved = Object.entries(counters).filter(([, value]) => value !== 0);
        this.#logger(`${kind}.${name}`).info("Ended", { state, ...Object.fromEntries(moved) });
      }
      return;
    }
    if (log.level === undefined || log.level === "info" || log.level === "debug") {
      printError(renderSummary(components));
    }
  }
}
