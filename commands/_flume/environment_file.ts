/** What `flume-env.sh` says, as far as it can be known without a shell. */
export interface EnvironmentFile {
  /** Variables that it exports. */
  readonly exported: Readonly<Record<string, string>>;
  /** All that it sets. */
  readonly variables: Readonly<Record<string, string>>;
  /** Lines of it that have no effect here. */
  readonly ignored: readonly string[];
}

/** `NAME=VALUE` or `export NAME=VALUE`: the value may be quoted, go over several lines, and be put together of parts. */
const ASSIGNMENT =
  /^[ \t]*(?<word>export[ \t]+)?(?<name>[A-Za-z_]\w*)=(?<value>(?:"(?:[^"\\]|\\[^])*"|'[^']*'|\\[^]|[^\s"'\\;#])*)[ \t]*;?[ \t]*(?:#.*)?$/gm;
const EXPORT = /^[ \t]*export(?<names>(?:[ \t]+[A-Za-z_]\w*)+)[ \t]*;?[ \t]*$/gm;
const QUOTED = /"(?<double>(?:[^"\\]|\\[^])*)"|'(?<single>[^']*)'|(?<bare>[^"']+)/g;
const ESCAPE_OR_NAME = /\\(?<escaped>[^])|\$\{(?<braced>\w+)\}|\$(?<named>\w+)/g;
const COMMAND = /\$\(|`/;

/** What flume-ng gives the virtual machine when the file does not say. */
const DEFAULTS: Readonly<Record<string, string>> = { JAVA_OPTS: "-Xmx20m" };

type Lookup = (name: string) => string | undefined;

/** Reads the assignments of a shell file; nothing of it is run. */
export function readEnvironmentFile(written: string, env: Lookup): EnvironmentFile {
  const text = written.replaceAll("\r\n", "\n");
  const variables: Record<string, string> = {};
  const exported = new Set<string>();
  const ignored: string[] = [];
  for (const { 0: whole, groups } of text.matchAll(ASSIGNMENT)) {
    const { word, name, value } = groups as { word?: string; name: string; value: string };
    if (COMMAND.test(value.replace(/'[^']*'/g, ""))) {
      ignored.push(whole.trim());
      continue;
    }
    variables[name] = plainValue(value, (other) => variables[other] ?? DEFAULTS[other] ?? env(other));
    if (word !== undefined) exported.add(name);
  }
  for (const { groups } of text.matchAll(EXPORT)) {
    for (const name of groups!.names!.trim().split(/\s+/)) exported.add(name);
  }
  for (const line of text.replace(ASSIGNMENT, "").replace(EXPORT, "").split("\n")) {
    if (/^\s*[^\s#]/.test(line)) ignored.push(line.trim());
  }
  const pairs = Object.entries(variables).filter(([name]) => exported.has(name));
  return { exported: Object.fromEntries(pairs), variables, ignored };
}

/** Takes quotes off, joins continued lines, and puts variables in. */
function plainValue(value: string, lookUp: Lookup): string {
  let plain = "";
  for (const { groups } of value.matchAll(QUOTED)) {
    const { double, single, bare } = groups as Partial<Record<string, string>>;
    plain += single ?? fill((double ?? bare)!, { lookUp, isQuoted: double !== undefined });
  }
  return plain;
}

function fill(
  text: string,
  { lookUp, isQuoted }: { readonly lookUp: Lookup; readonly isQuoted: boolean },
): string {
  let [filled, end] = ["", 0];
  for (const { 0: whole, index, groups } of text.matchAll(ESCAPE_OR_NAME)) {
    const { escaped, braced, named } = groups as Partial<Record<string, string>>;
    filled += text.slice(end, index);
    if (escaped === undefined) filled += lookUp((braced ?? named)!) ?? "";
    else if (escaped !== "\n") filled += isQuoted && !/["\\$`]/.test(escaped) ? whole : escaped;
    end = index + whole.length;
  }
  return filled + text.slice(end);
}
