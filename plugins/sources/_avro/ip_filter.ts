import { reverse } from "node:dns/promises";
import { BlockList, isIP } from "node:net";

interface Rule {
  readonly isAllowing: boolean;
  readonly kind: "ip" | "name";
  matches(text: string): boolean;
}

const FORM = /^(allow|deny):(ip|name):(\S+)$/;
/** How long the look-up of a client's name may take; without an answer it has none. */
const LOOK_UP_MS = 2000;
const LOOPBACK = /^(?:127\.|::1$)/;
/** How a socket for both families shows an address of the older one. */
const MAPPED = /^::ffff:(?=[\d.]+$)/i;

/** Flume's rules on who may connect: the first that fits decides, and where none fits the client may. */
export class IpFilter {
  readonly #rules: readonly Rule[];
  readonly #lookUp: (address: string) => Promise<readonly string[]>;

  /** @throws {Error} when a rule is not of the form `allow|deny:ip|name:pattern`. */
  constructor(rules: string, lookUp: (address: string) => Promise<readonly string[]> = reverse) {
    this.#lookUp = lookUp;
    this.#rules = rules.split(",").map((rule) => ruleOf(rule.trim()));
  }

  /** Whether a client with this address may connect. Its name is looked up only when a rule asks for it. */
  async accepts(client: string): Promise<boolean> {
    const address = client.replace(MAPPED, "");
    let names: readonly string[] | undefined;
    for (const rule of this.#rules) {
      const texts = rule.kind === "ip" ? [address] : names ??= await this.#namesOf(address);
      if (texts.some((text) => rule.matches(text))) return rule.isAllowing;
    }
    return true;
  }

  /** None when nobody knows any. */
  async #namesOf(address: string): Promise<readonly string[]> {
    const own = LOOPBACK.test(address) ? ["localhost"] : [];
    const limit = Promise.withResolvers<readonly string[]>();
    const timer = setTimeout(() => limit.resolve([]), LOOK_UP_MS);
    const known = await Promise.race([this.#lookUp(address).catch(() => []), limit.promise]);
    clearTimeout(timer);
    return [...own, ...known];
  }
}

function ruleOf(text: string): Rule {
  const [, access, kind, pattern] = FORM.exec(text) ?? [];
  if (pattern === undefined) {
    throw new Error(`"${text}" in ipFilterRules is not of the form allow|deny:ip|name:pattern`);
  }
  const isAllowing = access === "allow";
  if (kind === "name") return { isAllowing, kind, matches: wildcard(pattern) };
  return { isAllowing, kind: "ip", matches: pattern.includes("/") ? subnet(pattern) : wildcard(pattern) };
}

/** `*` stands for any characters, `?` for one; case does not count, as in host names. */
function wildcard(pattern: string): (text: string) => boolean {
  const source = RegExp.escape(pattern).replaceAll("\\*", ".*").replaceAll("\\?", ".");
  const regex = new RegExp(`^${source}$`, "i");
  return (text) => regex.test(text);
}

function subnet(pattern: string): (address: string) => boolean {
  const [network = "", prefix = ""] = pattern.split("/");
  const family = isIP(network) === 6 ? "ipv6" : "ipv4";
  const list = new BlockList();
  try {
    if (!/^\d+$/.test(prefix)) throw new RangeError("It has no prefix length");
    list.addSubnet(network, Number(prefix), family);
  } catch (cause) {
    throw new Error(`"${pattern}" in ipFilterRules is no network such as 10.0.0.0/8`, { cause });
  }
  return (address) => list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
