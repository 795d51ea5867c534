import { isDeepStrictEqual } from "node:util";
import { AdminServer } from "../admin/server.ts";
import type { AdminView } from "../admin/view.ts";
import type { Logger } from "../core/mod.ts";
import type { Plan, PlanAdmin } from "../core/plan.ts";
import { counterSnapshot } from "../core/reporter.ts";
import { Reporting } from "../core/reporting.ts";
import { VERSION } from "./_version.ts";

/** What the monitors look at. */
export interface MonitorsOptions extends Pick<AdminView, "phase" | "components"> {
  readonly stateDir: string;
  logger(component: string): Logger;
}

/** What shows an agent to others: its admin server and its reporters. */
export class Monitors {
  readonly #options: MonitorsOptions;
  readonly #reporting: Reporting;
  #admin: AdminServer | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: MonitorsOptions) {
    this.#options = options;
    const { stateDir, logger } = options;
    this.#reporting = new Reporting({ logger, stateDir, look: () => counterSnapshot(options.components()) });
  }

  /** Goes over to those of a plan; what did not change goes on. */
  use({ name, admin, reporters = [] }: Pick<Plan, "name" | "admin" | "reporters">): Promise<void> {
    return this.#turn = this.#turn.then(async () => {
      await this.#reporting.use(reporters);
      await this.#useAdmin(name, admin);
    });
  }

  /** Ends them all, the admin server last. */
  async stop(): Promise<void> {
    await this.use({ name: "" });
  }

  async #useAdmin(pipeline: string, place: PlanAdmin | undefined): Promise<void> {
    if (isDeepStrictEqual(this.#admin?.place, place)) return;
    await this.#admin?.stop();
    const { phase, components, logger } = this.#options;
    const view: AdminView = { pipeline, version: VERSION, phase, components };
    this.#admin = place && new AdminServer({ place, view, log: logger("admin") });
  }
}
