import type { Leaf } from "../leaves.ts";
import type { YamlPart } from "./yaml_lines.ts";

const HTTP_WORDS: ReadonlySet<string> = new Set(["http", "org.apache.flume.source.http.httpsource"]);

/** What a component has in a file of Flume without its being written, and not in YAML. */
export function flumeDefaults(section: string, leaves: readonly Leaf[]): YamlPart[] {
  const type = leaves.find(({ path }) => path === "type")?.node.scalar?.text ?? "";
  if (section !== "sources" || !HTTP_WORDS.has(type.toLowerCase())) return [];
  if (leaves.some(({ path }) => path === "handler" || path.startsWith("handler."))) return [];
  return [{
    key: "handler",
    value: "json",
    comments: ["Flume reads every body as JSON; without this the Content-Type decides"],
  }];
}
