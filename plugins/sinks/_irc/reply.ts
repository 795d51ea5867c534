/** A line from an IRC server (RFC 2812 section 2.3.1): `:prefix COMMAND param param :last param`. */
export interface Reply {
  /** Who says it: a server, or `nick!user@host`. */
  readonly prefix: string;
  /** A word in capitals, or a number of three digits. */
  readonly command: string;
  readonly params: readonly string[];
}

/** Takes a line apart; tags of newer servers (`@…`) are left out. */
export function parseReply(line: string): Reply {
  const [, prefix = "", command = "", rest = ""] = /^(?:@\S* +)?(?::(\S*) +)?(\S*) *(.*)$/s.exec(line) ?? [];
  const colon = rest.startsWith(":") ? 0 : rest.indexOf(" :") + 1;
  const hasLast = rest.startsWith(":") || colon > 0;
  const middle = (hasLast ? rest.slice(0, colon) : rest).split(" ").filter((word) => word !== "");
  return {
    prefix,
    command: command.toUpperCase(),
    params: hasLast ? [...middle, rest.slice(colon + 1)] : middle,
  };
}
