import { isIPv6 } from "node:net";
import type { Finder } from "./spans.ts";

// Addresses hang on a sign that is rare in logs: looking for the sign first is many times faster than an expression
// that may start anywhere.

/** Letters of mail addresses; not those of scripts that put no space between words. */
const LETTER = "A-Za-z\\u00c0-\\u024f\\u0370-\\u052f";
const LOCAL_CHAR = new RegExp(`[${LETTER}\\d._%+'-]`);
const LOCAL_CHARS_AT_MOST = 128;
const LABEL = `[${LETTER}\\d](?:[${LETTER}\\d-]{0,61}[${LETTER}\\d])?`;
const DOMAIN = new RegExp(`@(?:${LABEL}\\.){1,8}[${LETTER}]{2,63}`, "y");

/** Finds mail addresses, by their `@`. */
export const EMAIL_FINDER: Finder = {
  kind: "email",
  find(text, add) {
    let from = 0;
    for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", Math.max(from, at + 1))) {
      const first = Math.max(from, at - LOCAL_CHARS_AT_MOST);
      let start = at;
      while (start > first && LOCAL_CHAR.test(text.charAt(start - 1))) start--;
      DOMAIN.lastIndex = at;
      if (start === at || !DOMAIN.test(text)) continue;
      add(start, from = DOMAIN.lastIndex);
    }
  },
};

const QUAD = "\\d{1,3}(?:\\.\\d{1,3}){3}";
const IPV4 = /\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/g;
const IPV6 = new RegExp(
  `(?<![\\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?::?${QUAD})?(?![\\w:]|\\.\\d)`,
  "y",
);

/** Finds IPv4 addresses. */
export const IPV4_FINDER: Finder = {
  kind: "ip",
  find(text, add) {
    IPV4.lastIndex = 0;
    for (let found = IPV4.exec(text); found; found = IPV4.exec(text)) {
      const end = IPV4.lastIndex;
      const stands = !/[\w.-]/.test(text.charAt(found.index - 1)) && !/^\.?\w/.test(text.slice(end, end + 2));
      if (stands && found[0].split(".").every((part) => Number(part) < 256)) add(found.index, end);
    }
  },
};

/** Finds IPv6 addresses, by their colons. */
export const IPV6_FINDER: Finder = {
  kind: "ip",
  find(text, add) {
    let from = 0;
    for (let colon = text.indexOf(":"); colon >= 0;) {
      const start = startOfGroup(text, colon, from);
      const end = hasEnoughColons(text, colon) ? endOfIpv6(text, start) : 0;
      if (end > 0) add(start, from = end);
      colon = text.indexOf(":", end > 0 ? end : colon + 1);
    }
  },
};

/** Where the up to four digits in front of a colon start. */
function startOfGroup(text: string, colon: number, first: number): number {
  let start = colon;
  while (start > first && colon - start < 4 && isHexDigit(text.charCodeAt(start - 1))) start--;
  return start;
}

/** Whether there are two colons in a row, or as many as an address without such has. */
function hasEnoughColons(text: string, colon: number): boolean {
  let colons = 0;
  for (let at = colon; at < colon + 40; at++) {
    const isColon = text.charCodeAt(at) === 58;
    if (isColon && text.charCodeAt(at + 1) === 58) return true;
    if (isColon) colons++;
    else if (!isHexDigit(text.charCodeAt(at))) break;
  }
  return colons >= 6;
}

/** The place behind the address that starts here; 0 when there is none. */
function endOfIpv6(text: string, start: number): number {
  IPV6.lastIndex = start;
  const found = IPV6.exec(text)?.[0];
  return found !== undefined && isIPv6(found) && /[0-9a-f]/i.test(found) ? IPV6.lastIndex : 0;
}

function isHexDigit(code: number): boolean {
  return (code >= 48 && code <= 57) || ((code | 32) >= 97 && (code | 32) <= 102);
}
