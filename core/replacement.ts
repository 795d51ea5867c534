import type { Pattern, PatternMatch } from "./pattern.ts";

/** Reads a replacement in Java's manner: `$1`, `${name}`, and a backslash before what stands for itself. */
export function parseReplacement(replacement: string, pattern: Pattern): (match: PatternMatch) => string {
  const parts: (string | number)[] = [];
  const piece = /\\([^]?)|\$(?:\{(\w*)\}|(\d+))?|[^\\$]+/g;
  for (let found = piece.exec(replacement); found; found = piece.exec(replacement)) {
    const [text, escaped, name, digits] = found;
    const [part, left = 0] = text.startsWith("$")
      ? groupOf({ name, digits }, pattern)
      : [literal(text, escaped)];
    parts.push(part);
    piece.lastIndex -= left;
  }
  const constant = parts.every((part) => typeof part === "string") ? parts.join("") : undefined;
  if (constant !== undefined) return () => constant;
  return (match) => parts.map((part) => typeof part === "string" ? part : match[part] ?? "").join("");
}

function literal(text: string, escaped: string | undefined): string {
  if (escaped === "") throw new SyntaxError('a "\\" stands at the end; write "\\\\" for the sign itself');
  return escaped ?? text;
}

/** The group, and how many of the digits do not belong to it: more count only while there are so many groups. */
function groupOf(
  { name, digits }: { readonly name: string | undefined; readonly digits: string | undefined },
  { groupNames, groupCount }: Pattern,
): readonly [group: number, left?: number] {
  if (digits === undefined && name === undefined) {
    throw new SyntaxError('"$" needs a group; write "\\$" for the sign itself');
  }
  if (digits === undefined) {
    const group = groupNames.get(name!);
    if (group === undefined) throw new SyntaxError(`there is no group "${name}" in the pattern`);
    return [group];
  }
  let used = 1;
  while (used < digits.length && Number(digits.slice(0, used + 1)) <= groupCount) used++;
  const group = Number(digits.slice(0, used));
  if (group > groupCount) throw new SyntaxError(`there is no group ${group} in the pattern`);
  return [group, digits.length - used];
}
