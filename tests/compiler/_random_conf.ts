import fc from "fast-check";

const word = fc.constantFrom(
  "one",
  "two",
  "three-3",
  "a b",
  "1.10",
  "007",
  "true",
  "null",
  "~",
  "#tag",
  "x # y",
  "don't",
  "ü",
);
const reference = fc.constantFrom(
  ...[
    "${base}",
    "${base.dir}/x",
    "${PORT}",
    "${env:PORT}",
    "${nothing:-d}",
    "${env:NO:-${base}}",
    "$${plain}",
  ],
  ...[
    "${nothing}",
    "${x%.*}",
    "${open",
    "${a1.sources.r1.order}",
    "${${name}.dir}",
    "${date:yyyy}",
    "${odd:x}",
    '${v["k"]}',
  ],
);
const text = fc.oneof(
  { weight: 3, arbitrary: word },
  { weight: 2, arbitrary: reference },
  { weight: 1, arbitrary: fc.tuple(word, reference, reference).map((parts) => parts.join(" ")) },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 12, unit: "binary" }) },
);
const setting = fc.oneof(
  fc.record({
    key: fc.constantFrom("headers.f1.a", "headers.f1.b.c", "headers.f2.null", "tags", "token", "tokens.t"),
    value: text,
  }),
  fc.record({
    key: fc.constantFrom("nonsense", "port.x", "interceptors.i9.type", "selector.nonsense"),
    value: word,
  }),
  fc.constantFrom(
    { key: "keep", value: "TRUE" },
    { key: "order", value: "Youngest" },
    { key: "batchSize", value: "1000" },
    { key: "pollDelay", value: "10s # soon" },
    { key: "filegroups", value: "f1 f2" },
    { key: "filegroups.f1", value: "/var/log/a" },
    { key: "filegroups.f3", value: "/var/log/c" },
    { key: "deserializer", value: "LINE" },
    { key: "deserializer.maxLineLength", value: "10" },
    { key: "order", value: "" },
  ),
);
const interceptor = fc.array(
  fc.oneof(
    fc.record({ key: fc.constantFrom("key", "value"), value: text }),
    fc.constantFrom({ key: "serializers", value: "s1" }, { key: "serializers.s1.name", value: "n" }, {
      key: "wieght",
      value: "1",
    }),
  ),
  { maxLength: 3 },
);

/** A property as it will be written. */
interface Line {
  readonly key: string;
  readonly value: string;
}

const source = fc.record({
  settings: fc.array(setting, { maxLength: 6 }),
  interceptors: fc.array(interceptor, { maxLength: 3 }),
  channels: fc.constantFrom("c1", "c1 c2"),
  isMultiplexing: fc.boolean(),
});
const agent = fc.record({
  sources: fc.array(source, { minLength: 1, maxLength: 2 }),
  sinks: fc.integer({ min: 2, max: 3 }),
  isGrouped: fc.boolean(),
  hasSpare: fc.boolean(),
});

/** Flume files, most of them without errors: one or two agents, remarks, stray properties, lines in any order. */
export const randomConf: fc.Arbitrary<string> = fc.record({
  agents: fc.array(agent, { minLength: 1, maxLength: 2 }),
  order: fc.array(fc.nat(), { minLength: 10, maxLength: 10 }),
  comments: fc.array(fc.string({ maxLength: 10 }), { maxLength: 4 }),
}).map(({ agents, order, comments }) => {
  const lines = [
    ...["base = /srv", "base.dir = ${base}/dir", "name = base", "odd\\:x = 1", "stray = 1"],
    ...agents.flatMap((shape, index) =>
      agentLines(shape).map(({ key, value }) => writeLine(`a${index + 1}.${key}`, value))
    ),
  ];
  order.forEach((from, to) => lines.splice(to * 3, 0, ...lines.splice(from % lines.length, 1)));
  comments.forEach((comment, index) => lines.splice(index * 5, 0, `# ${comment.replace(/[\r\n]/g, " ")}`));
  return lines.join("\n");
});

function agentLines(
  { sources, sinks, isGrouped, hasSpare }: typeof agent extends fc.Arbitrary<infer A> ? A : never,
): Line[] {
  const names = sources.map((_, index) => `r${index + 1}`);
  const sinkNames = Array.from({ length: sinks }, (_, index) => `k${index + 1}`);
  return [
    { key: "sources", value: names.join(" ") },
    { key: "channels", value: hasSpare ? "c1 c2 c3" : "c1 c2" },
    { key: "sinks", value: sinkNames.join(" ") },
    ...["c1", "c2", "c3"].map((name) => ({ key: `channels.${name}.type`, value: "memory" })),
    ...sources.flatMap((one, index) => sourceLines(one, `sources.r${index + 1}`)),
    ...sinkNames.flatMap((name, index): Line[] => [
      { key: `sinks.${name}.type`, value: "store" },
      { key: `sinks.${name}.store.path`, value: "${base.dir}/out" },
      { key: `sinks.${name}.channel`, value: index === 0 ? "c2" : "c1" },
    ]),
    ...isGrouped
      ? [
        { key: "sinkgroups", value: "g1" },
        { key: "sinkgroups.g1.processor.priority.k2", value: "5" },
        { key: "sinkgroups.g1.processor.type", value: "failover" },
        { key: "sinkgroups.g1.sinks", value: sinkNames.slice(1).join(" ") },
      ]
      : [],
  ];
}

function sourceLines(
  { settings, interceptors, channels, isMultiplexing }: typeof source extends fc.Arbitrary<infer S> ? S
    : never,
  path: string,
): Line[] {
  const names = interceptors.map((_, index) => `i${index + 1}`).reverse();
  return [
    { key: `${path}.type`, value: "org.example.ProbeSource" },
    { key: `${path}.port`, value: "${PORT}" },
    { key: `${path}.channels`, value: channels },
    ...settings.map(({ key, value }) => ({ key: `${path}.${key}`, value })),
    ...names.length > 0 ? [{ key: `${path}.interceptors`, value: names.join(" ") }] : [],
    ...interceptors.flatMap((own, index) => [
      { key: `${path}.interceptors.i${index + 1}.type`, value: "mark" },
      ...own.map(({ key, value }) => ({ key: `${path}.interceptors.i${index + 1}.${key}`, value })),
    ]),
    ...isMultiplexing
      ? [
        { key: `${path}.selector.type`, value: "multiplexing" },
        { key: `${path}.selector.mapping.a.b`, value: "c1" },
        { key: `${path}.selector.default`, value: "c1" },
      ]
      : [],
  ];
}

/** Control characters and backslashes are written as escapes; other text as it is. */
function writeLine(key: string, value: string): string {
  const escaped = value.replace(
    // deno-lint-ignore no-control-regex
    /[\\\u0000-\u001f\ufeff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${key} = ${escaped}`;
}
