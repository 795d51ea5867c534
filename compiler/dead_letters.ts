import type { CodecChoice } from "../core/codec.ts";
import type { AgentShape } from "./agent_shape.ts";
import type { CheckTools } from "./field_check.ts";
import type { Leaf } from "./leaves.ts";
import { type CheckedPart, checkPart } from "./part_check.ts";
import type { Place } from "./tree.ts";

/** Where dead letters go when no type is written: files that `sluice dlq` can read. */
const FILES = "file_roll";
const SERIALIZER = "sink.serializer";
/** Keys with which the serializer of such files may be named. */
const SERIALIZER_KEYS = /^(?:sink\.serializer|serializer|codec)(?:\.type)?$/;

/** Checks the sink for dead letters; nothing when the pipeline has none. */
export async function checkDeadLetters(
  shape: AgentShape,
  tools: CheckTools,
): Promise<CheckedPart | undefined> {
  const { deadLetters } = shape;
  if (!deadLetters) return undefined;
  const { name, place } = deadLetters;
  if ([...shape.sinks, ...shape.groups].some((other) => other.name === name)) {
    tools.report.error("duplicate-name", place, {
      text: `"${name}" is also the name of a sink or group`,
      fix: "give that one another name",
    });
  }
  // An empty map says nothing but that dead letters are wanted.
  const written = deadLetters.leaves.filter(({ path, node }) => path !== "" || !node.entries);
  const leaves = withSerializer(written, place);
  const part = await checkPart({ ...deadLetters, leaves, fallbackType: FILES }, tools);
  if (part) warnUnreadable(part, tools);
  return part;
}

/** Files of dead letters keep headers and bodies whole, unless another serializer is written. */
function withSerializer(leaves: readonly Leaf[], place: Place): readonly Leaf[] {
  const type = leaves.find(({ path, node }) => path === "type" || (path === "" && !node.entries));
  const isFiles = type === undefined || type.node.scalar?.text.toLowerCase() === FILES;
  if (!isFiles || leaves.some(({ path }) => SERIALIZER_KEYS.test(path))) return leaves;
  const scalar = { text: "avro_event", value: "avro_event" };
  return [...leaves, { path: SERIALIZER, keys: [], node: { place, scalar } }];
}

function warnUnreadable({ part, checked, title }: CheckedPart, { report }: CheckTools): void {
  const codec = checked.config[SERIALIZER] as CodecChoice | undefined;
  if (part.type !== FILES || !codec || isReadable(codec)) return;
  report.warning("unreadable-dead-letters", checked.placeOf(SERIALIZER), {
    text: `${title} writes "${codec.plugin.name}" in a form that \`sluice dlq\` cannot read`,
    fix: 'write "serializer: avro_event", which keeps headers and bodies whole',
  });
}

/** Whether headers and body can be told apart again. */
export function isReadable({ plugin, config }: CodecChoice): boolean {
  if (plugin.name === "avro_event") return true;
  const { bodyField, headersField, flatHeaders, parseBody } = config;
  return plugin.name === "json" && bodyField === "body" && headersField === "headers" &&
    flatHeaders === false && parseBody === false;
}
