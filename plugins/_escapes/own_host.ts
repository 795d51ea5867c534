import { lookupService } from "node:dns/promises";
import type { HostNames } from "./parse.ts";

const LOOKUP_LIMIT_MS = 3_000;

/** What the host escapes of these templates stand for here; the DNS is asked only where one has `%[FQDN]`. */
export async function ownHost(templates: readonly string[]): Promise<HostNames> {
  const [name, address] = [Deno.hostname(), ownAddress()];
  const needsFqdn = templates.some((template) => /%\[fqdn\]/i.test(template));
  return { name, address, fqdn: needsFqdn ? await canonicalName(address) ?? name : name };
}

/** The first address that others may reach, IPv4 before IPv6. */
function ownAddress(): string {
  const outer = Deno.networkInterfaces().filter(({ address }) => !/^(?:127\.|::1$|fe80:)/i.test(address));
  const chosen = outer.find(({ family }) => family === "IPv4") ?? outer[0];
  return chosen?.address ?? "127.0.0.1";
}

/** The name that the DNS has for an address; undefined when it has none, or does not answer. */
async function canonicalName(address: string): Promise<string | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), LOOKUP_LIMIT_MS);
  try {
    const found = await Promise.race([lookupService(address, 0), late]);
    return found === undefined || found.hostname === address ? undefined : found.hostname;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
