import type { AnyPlugin, PluginKind } from "../core/plugin.ts";
import { type Fields, z } from "../core/schema.ts";
import { ADMIN_FIELDS } from "./admin_settings.ts";
import { shapeOf } from "./field_shape.ts";
import { PIPELINE_FIELDS } from "./pipeline_settings.ts";
import { defaultOf, describeField, type FieldDescription } from "./reference_fields.ts";

type Schema = Record<string, unknown>;

/** Anything may be written as `${NAME}`, so every scalar type also takes such a text. */
const VARIABLE: Schema = { type: "string", pattern: "\\$\\{" };
const SCALARS: Readonly<Record<string, Schema>> = {
  "boolean": { anyOf: [{ type: "boolean" }, { type: "string", enum: ["true", "false"] }, VARIABLE] },
  "integer": { anyOf: [{ type: "integer" }, { type: "string", pattern: "^\\s*-?\\d+\\s*$" }, VARIABLE] },
  "port": {
    anyOf: [{ type: "integer", minimum: 0, maximum: 65535 }, { type: "string", pattern: "^\\d+$" }, VARIABLE],
  },
  "duration": {
    anyOf: [
      { type: "number" },
      { type: "string", pattern: "^\\s*-?\\d+(\\.\\d+)?\\s*[a-zA-Z]*\\s*$" },
      VARIABLE,
    ],
  },
  "size": {
    anyOf: [{ type: "number", minimum: 0 }, {
      type: "string",
      pattern: "^\\s*\\d+(\\.\\d+)?\\s*[a-zA-Z]*\\s*$",
    }, VARIABLE],
  },
};
/** Keys that belong to the wiring, beside the plugin's own. */
const WIRING: Partial<Record<PluginKind, Schema>> = {
  source: {
    channels: { $ref: "#/$defs/names" },
    interceptors: { $ref: "#/$defs/interceptors" },
    selector: { $ref: "#/$defs/selector" },
  },
  sink: { channel: { type: "string" } },
};

/** The JSON Schema of a whole pipeline file, for editors: completion, hover texts, complaints while typing. */
export function jsonSchema(plugins: readonly AnyPlugin[]): Schema {
  const kinds: readonly PluginKind[] = [
    "source",
    "interceptor",
    "selector",
    "channel",
    "sink_processor",
    "sink",
    "reporter",
  ];
  const parts = kinds.map((kind) =>
    [kind, partSchema(plugins.filter((plugin) => plugin.kind === kind))] as const
  );
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Sluice pipeline",
    ...agentSchema({ agents: { type: "object", additionalProperties: { $ref: "#/$defs/agent" } } }),
    $defs: {
      agent: agentSchema({}),
      names: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] },
      interceptors: {
        anyOf: [
          { type: "array", items: { $ref: "#/$defs/interceptor" } },
          { type: "object", additionalProperties: { $ref: "#/$defs/interceptor" } },
          { type: "string" },
        ],
      },
      sinkGroup: {
        type: "object",
        properties: { sinks: { $ref: "#/$defs/names" }, processor: { $ref: "#/$defs/sink_processor" } },
        required: ["sinks"],
        patternProperties: { "^processor\\.": {} },
        additionalProperties: false,
      },
      ...Object.fromEntries(parts),
    },
  };
}

/** The keys of one agent, in the short and the long form. */
function agentSchema(more: Schema): Schema {
  const named = (kind: string) => ({ type: "object", additionalProperties: { $ref: `#/$defs/${kind}` } });
  const settings = Object.entries(PIPELINE_FIELDS).map(([key, field]) => [key, fieldSchema(key, field)]);
  return {
    type: "object",
    properties: {
      ...Object.fromEntries(settings),
      source: { $ref: "#/$defs/source" },
      interceptors: { $ref: "#/$defs/interceptors" },
      channel: { $ref: "#/$defs/channel" },
      sink: { $ref: "#/$defs/sink" },
      sources: named("source"),
      channels: named("channel"),
      sinks: named("sink"),
      sinkGroups: named("sinkGroup"),
      sinkgroups: named("sinkGroup"),
      deadLetters: {
        $ref: "#/$defs/sink",
        description: "Sink for events that a target will never accept; without a type a file_roll.",
      },
      configFilters: {
        type: "object",
        additionalProperties: { type: "object", properties: { type: { type: "string" } } },
        description: 'Where ${NAME["key"]} is looked up; types: env, external.',
      },
      classes: {
        type: "object",
        additionalProperties: { type: "string" },
        description: "Modules that take the place of Java classes named as types.",
      },
      ...outsideSchema(),
      ...more,
    },
    patternProperties: {
      "^x-": {},
      "^(sources|channels|sinks|sinkGroups|sinkgroups|configFilters|interceptors|admin|monitoring)\\.": {},
    },
    additionalProperties: false,
  };
}

/** What shows an agent to others. */
function outsideSchema(): Schema {
  const fields = Object.entries(ADMIN_FIELDS).map(([key, field]) => [key, fieldSchema(key, field)]);
  const whole = { type: "object", properties: Object.fromEntries(fields), additionalProperties: false };
  const reporter = { $ref: "#/$defs/reporter" };
  return {
    admin: {
      anyOf: [whole, SCALARS.port],
      description: "Where the admin server listens; without it there is none.",
    },
    monitoring: {
      anyOf: [reporter, { type: "array", items: reporter }],
      description: "What shows the counters to others, such as Ganglia.",
    },
  };
}

/** A component of a kind: the word alone, a map whose `type` decides about the other keys, or one from outside. */
function partSchema(plugins: readonly AnyPlugin[]): Schema {
  const names = plugins.map(({ name }) => name).sort();
  const outside = { type: "string", pattern: "[./:$]" };
  const typeWord = { anyOf: [{ enum: names }, outside, { type: "string" }] };
  return {
    anyOf: [
      typeWord,
      {
        type: "object",
        properties: {
          type: { ...typeWord, description: "Name of the plugin, a path (./x.ts) or a specifier." },
        },
        allOf: plugins.map((plugin) => ({
          if: { properties: { type: { const: plugin.name } }, required: ["type"] },
          then: pluginSchema(plugin),
        })),
      },
    ],
  };
}

function pluginSchema(plugin: AnyPlugin): Schema {
  const fields = Object.entries(plugin.config as Fields);
  const properties: Schema = { type: {}, ...WIRING[plugin.kind] };
  const open = plugin.kind === "source" ? ["interceptors", "selector"] : [];
  for (const [key, field] of fields) {
    const described = describeField(key, field);
    const schema = fieldSchema(key, field);
    for (const spelling of [key, ...described.alias ?? []]) properties[spelling] = schema;
    const isPlain = ["plain", "list"].includes(shapeOf(field).kind);
    if (!isPlain) open.push(...[key, ...described.alias ?? []]);
    if (key.includes(".")) addNested(properties, key.split("."), schema);
  }
  const patterns = open.map((key) => [`^${key.replace(/[.\\^$*+?()[\]{}|]/g, "\\$&")}\\.`, {}]);
  return {
    description: plugin.summary,
    properties,
    ...patterns.length > 0 && { patternProperties: Object.fromEntries(patterns) },
    additionalProperties: false,
  };
}

/** `hdfs.path` may also be written as `hdfs: { path: … }`. */
function addNested(properties: Schema, [first = "", ...rest]: readonly string[], schema: Schema): void {
  if (rest.length === 0) {
    properties[first] ??= schema;
    return;
  }
  const folder = properties[first] as Schema | undefined;
  if (folder && !folder.properties) {
    properties[first] = { anyOf: [folder, { type: "object" }] };
    return;
  }
  const inner = (folder?.properties ?? {}) as Schema;
  properties[first] = { type: "object", properties: inner };
  addNested(inner, rest, schema);
}

function fieldSchema(key: string, field: z.ZodType): Schema {
  const described = describeField(key, field);
  const standard = defaultOf(field);
  return {
    ...valueSchema(field, described),
    ...hover(described),
    ...["string", "number", "boolean"].includes(typeof standard) && Number.isFinite(standard ?? 0) &&
      !described.secret &&
      { default: standard },
    ...(described.instead !== undefined || described.ignored !== undefined) && { deprecated: true },
  };
}

function hover({ description, unit, ignored, instead }: FieldDescription): Schema {
  const text = [
    description,
    unit === undefined ? "" : `A plain number is in ${unit}.`,
    ignored === undefined ? "" : `No effect: ${ignored}.`,
    instead === undefined ? "" : `Write ${instead}.`,
  ].filter((part) => part !== "").join(" ");
  return text === "" ? {} : { description: text };
}

function valueSchema(field: z.ZodType, { type = "", codec }: FieldDescription): Schema {
  if (codec) return { anyOf: [{ type: "string" }, { type: "object" }] };
  if (Object.hasOwn(SCALARS, type)) return { ...SCALARS[type] };
  if (type.includes(" \\| ")) return { anyOf: [{ enum: type.split(" \\| ") }, { type: "string" }] };
  const shape = shapeOf(field);
  if (shape.kind === "map") {
    return {
      anyOf: [{ type: "object", additionalProperties: bare(shape.value) }, { $ref: "#/$defs/names" }],
    };
  }
  if (type === "list") return { $ref: "#/$defs/names" };
  return bare(field);
}

/** Zod's own export, without our metadata, whose words for types are not JSON Schema's. */
function bare(field: z.ZodType): Schema {
  const { $schema: _, ...schema } = z.toJSONSchema(field, {
    io: "input",
    unrepresentable: "any",
    metadata: z.registry<Record<string, unknown>>(),
    reused: "inline",
  }) as Schema;
  return schema;
}
