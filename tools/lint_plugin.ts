/**
 * The house rules as a plugin of `deno lint`: sizes, names, layers. `deno.json` names it under `lint.plugins`.
 * @module
 */
import { layerFault } from "./layers.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 40;
const MAX_PARAMETERS = 3;

/** Words that say nothing, each with what to write instead. */
const BANNED_WORDS: Readonly<Record<string, string>> = {
  message: "event, or text",
  data: "what it holds: events, bytes, rows",
  info: "what it tells",
  item: "event, part, entry",
  handler: "what it does: codec, route, answer",
  manager: "what it keeps in order",
  service: "what it offers",
  helper: "what it does",
  util: "what it does",
  utils: "what it does",
  common: "what the parts share",
  misc: "a folder that fits",
  record: "event (a record is Kafka's)",
};
/** Words that may stand beside others, but not alone. */
const BANNED_ALONE: ReadonlySet<string> = new Set(["do", "process"]);

/** Where Kafka is spoken, its own word stands. */
const SPEAKS_KAFKA = /kafka/;

const GENERATED: ReadonlySet<string> = new Set(["plugins/manifest.ts"]);
const DEFAULT_EXPORTS = /^(plugins|commands|examples|tests\/support\/plugins)\/|^tools\/lint_plugin\.ts$/;
const DENO_CALLS = /^(plugins|commands|admin|tests|tools|docs)\/|^journal\/disk\.ts$|^cli\.ts$/;

type Visitor = Deno.lint.LintVisitor;
type RuleContext = Deno.lint.RuleContext;
type Parameterised = { readonly range: [number, number]; readonly params: readonly unknown[] };

/** The path of a linted file as seen from the project's folder; undefined for files from elsewhere. */
function projectPath({ filename }: RuleContext): string | undefined {
  const path = filename.replaceAll("\\", "/");
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : undefined;
}

function lineCount(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

function words(name: string): string[] {
  return name.split(/_|(?<=[a-z0-9])(?=[A-Z])/).map((word) => word.toLowerCase());
}

function namesOf(declaration: Deno.lint.Node | null): string[] {
  if (!declaration) return [];
  if (declaration.type === "VariableDeclaration") {
    return declaration.declarations.flatMap(({ id }) => id.type === "Identifier" ? [id.name] : []);
  }
  const id = (declaration as { id?: { name?: string } | null }).id;
  return id?.name === undefined ? [] : [id.name];
}

function nameFault(name: string, path: string): string | undefined {
  const lower = name.toLowerCase();
  if (BANNED_ALONE.has(lower)) return `"${name}" says nothing without an object`;
  const banned = words(name).find((word) =>
    Object.hasOwn(BANNED_WORDS, word) && !(word === "record" && SPEAKS_KAFKA.test(path))
  );
  return banned === undefined ? undefined : `"${name}" says "${banned}"; write ${BANNED_WORDS[banned]}`;
}

function endsFlow(statement: Deno.lint.Statement): boolean {
  const last = statement.type === "BlockStatement" ? statement.body.at(-1) : statement;
  return last !== undefined && /^(Return|Throw|Continue|Break)Statement$/.test(last.type);
}

/** A rule that looks only at files of this project. */
function rule(visit: (path: string, context: RuleContext) => Visitor): Deno.lint.Rule {
  return {
    create(context) {
      const path = projectPath(context);
      return path === undefined || GENERATED.has(path) ? {} : visit(path, context);
    },
  };
}

const fileSize = rule((_path, context) => ({
  Program(node) {
    const lines = lineCount(context.sourceCode.text);
    if (lines <= MAX_FILE_LINES) return;
    const text = `The file has ${lines} lines, more than ${MAX_FILE_LINES}`;
    context.report({ node, message: text, hint: "Split it by noun, never into part2 or utils" });
  },
}));

const functionSize = rule((_path, context) => ({
  "FunctionDeclaration, FunctionExpression, ArrowFunctionExpression"(node: Deno.lint.Node) {
    const lines = lineCount(context.sourceCode.getText(node));
    if (lines <= MAX_FUNCTION_LINES) return;
    const text = `The function has ${lines} lines, more than ${MAX_FUNCTION_LINES}`;
    context.report({ node, message: text, hint: "Take out a step that has a name" });
  },
}));

const parameters = rule((_path, context) => ({
  "FunctionDeclaration, FunctionExpression, ArrowFunctionExpression, TSMethodSignature"(
    node: Deno.lint.Node,
  ) {
    const { params } = node as unknown as Parameterised;
    if (params === undefined || params.length <= MAX_PARAMETERS) return;
    const text = `The function has ${params.length} parameters, more than ${MAX_PARAMETERS}`;
    context.report({ node, message: text, hint: "Join some of them in an options object" });
  },
}));

const layers = rule((path, context) => {
  const look = (node: Deno.lint.Node, source: { value: unknown } | null | undefined) => {
    const fault = typeof source?.value === "string" ? layerFault(path, source.value) : undefined;
    if (fault) context.report({ node, message: fault, hint: "See who may import whom in tools/layers.ts" });
  };
  return {
    ImportDeclaration: (node) => look(node, node.source),
    ExportNamedDeclaration: (node) => look(node, node.source),
    ExportAllDeclaration: (node) => look(node, node.source),
    ImportExpression: (node) => look(node, node.source as unknown as { value: unknown }),
  };
});

const exportedNames = rule((path, context) => ({
  ExportNamedDeclaration(node) {
    for (const name of namesOf(node.declaration as Deno.lint.Node | null)) {
      const fault = nameFault(name, path);
      if (fault) context.report({ node, message: `The exported name ${fault}` });
    }
  },
}));

const defaultExports = rule((path, context) =>
  DEFAULT_EXPORTS.test(path) ? {} : {
    ExportDefaultDeclaration(node) {
      context.report({
        node,
        message: "Only plugins and commands have a default export",
        hint: "Export by name",
      });
    },
  }
);

const denoCalls = rule((path, context) =>
  DENO_CALLS.test(path) ? {} : {
    'MemberExpression[object.name="Deno"]'(node: Deno.lint.Node) {
      const text = "Deno.* is called only by plugins, commands, admin, cli.ts and journal/disk.ts";
      context.report({ node, message: text, hint: "Let the caller pass in what is needed, or use node:*" });
    },
  }
);

const elseAfterReturn = rule((_path, context) => ({
  IfStatement(node) {
    if (!node.alternate || !endsFlow(node.consequent)) return;
    context.report({
      node: node.alternate,
      message: "An else after return",
      hint: "Return early, unindent the rest",
    });
  },
}));

const plugin: Deno.lint.Plugin = {
  name: "sluice",
  rules: {
    "file-size": fileSize,
    "function-size": functionSize,
    parameters,
    layers,
    "exported-names": exportedNames,
    "default-exports": defaultExports,
    "deno-calls": denoCalls,
    "else-after-return": elseAfterReturn,
  },
};
export default plugin;
