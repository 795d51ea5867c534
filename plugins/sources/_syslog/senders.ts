import { lookupService } from "node:dns";
import { type Clock, type Column, text } from "sluice/plugin";
import { ColumnBuilder } from "./columns.ts";

/** The fields of a source that put the sender into headers. */
export const senderFields = {
  clientIPHeader: text().optional().describe("Header that gets the sender's address."),
  clientHostnameHeader: text().optional()
    .describe("Header that gets the sender's name, looked up; its address where it has none."),
};

/** What those fields say. */
export interface SenderSettings {
  readonly clientIPHeader: string | undefined;
  readonly clientHostnameHeader: string | undefined;
}

const MAX_KNOWN = 10_000;
const KNOWN_MS = 600_000;
/** A name server that does not answer holds events back for so long at most. */
const LOOKUP_MS = 5000;
/** How an address of IPv4 shows on a socket for both. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const IPV6_GROUPS = 8;

/** Says who sent events: the address as Java writes it, and the name. */
export class Senders {
  readonly #settings: SenderSettings;
  readonly #clock: Clock;
  readonly #names = new Map<string, { readonly name: Promise<string>; readonly untilMs: number }>();

  constructor(settings: SenderSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Whether a header wants to know. */
  get areAsked(): boolean {
    return this.#settings.clientIPHeader !== undefined || this.#settings.clientHostnameHeader !== undefined;
  }

  /** The headers of events, given the address of the sender of each. */
  async headersOf(addresses: readonly string[]): Promise<(readonly [name: string, column: Column])[]> {
    const { clientIPHeader, clientHostnameHeader } = this.#settings;
    const headers: (readonly [string, Column])[] = [];
    const distinct = [...new Set(addresses)];
    if (clientIPHeader !== undefined) {
      const texts = new Map(distinct.map((address) => [address, javaAddress(address)]));
      headers.push([clientIPHeader, columnOf(addresses, texts)]);
    }
    if (clientHostnameHeader !== undefined) {
      const names = await Promise.all(
        distinct.map(async (each) => [each, await this.#nameOf(each)] as const),
      );
      headers.push([clientHostnameHeader, columnOf(addresses, new Map(names))]);
    }
    return headers;
  }

  #nameOf(address: string): Promise<string> {
    const nowMs = this.#clock.now();
    const known = this.#names.get(address);
    if (known && known.untilMs > nowMs) return known.name;
    if (this.#names.size >= MAX_KNOWN) this.#names.clear();
    const name = lookUp(address);
    this.#names.set(address, { name, untilMs: nowMs + KNOWN_MS });
    return name;
  }
}

function columnOf(addresses: readonly string[], texts: ReadonlyMap<string, string>): Column {
  const builder = new ColumnBuilder();
  builder.start(addresses.length);
  for (const address of addresses) builder.add(texts.get(address));
  return builder.column() ?? "";
}

function lookUp(address: string): Promise<string> {
  const plain = javaAddress(address);
  return new Promise((resolve) => {
    const limit = setTimeout(() => resolve(plain), LOOKUP_MS);
    lookupService(MAPPED.exec(address)?.[1] ?? address, 0, (error, hostname) => {
      clearTimeout(limit);
      resolve(error ? plain : hostname);
    });
  });
}

/** As `InetAddress.getHostAddress` has it: IPv6 with all eight groups, IPv4 as such whatever the socket is for. */
export function javaAddress(address: string): string {
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(":")) return mapped ?? address;
  const [groups = "", scope] = address.split("%");
  const [front, back] = groups.split("::").map((half) => half === "" ? [] : half.split(":"));
  const zeros = new Array<string>(IPV6_GROUPS - front!.length - (back?.length ?? 0)).fill("0");
  const all = back === undefined ? front! : [...front!, ...zeros, ...back];
  return all.join(":") + (scope === undefined ? "" : `%${scope}`);
}
