import type { PluginNeeds } from "sluice/plugin";

/** What the client asks of a sandbox: its packages read files of their own, and look through all variables when they are loaded. */
export function clientNeeds(): PluginNeeds {
  return { env: ["*"], packages: true };
}
