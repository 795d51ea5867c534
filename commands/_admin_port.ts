import type { Plan } from "../core/plan.ts";
import { usageError } from "./exit.ts";

/** The option that starts the admin server, whatever the file says. */
export const ADMIN_PORT = {
  type: "string",
  value: "PORT",
  about: "Port of the admin server, instead of the file's; 0 picks one.",
} as const;

/** The plan with an admin server on this port; what the file says of its address stays. */
export function withAdmin(plan: Plan, port: string | undefined): Plan {
  if (port === undefined) return plan;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
    throw usageError(`--admin-port "${port}" is no port`, "write a number from 0 to 65535, such as 9414");
  }
  return { ...plan, admin: { bind: "127.0.0.1", hosts: [], ...plan.admin, port: Number(port) } };
}
