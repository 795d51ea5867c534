/** Where a file of the project may look for what it needs: folders (with "/") and single files. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  "core": ["core/"],
  "journal": ["journal/"],
  "protocols": ["protocols/"],
  "compiler": ["compiler/", "core/", "plugins/manifest.ts"],
  "plugins": [
    "core/mod.ts",
    "journal/mod.ts",
    "protocols/",
    "plugins/_escapes/",
    "plugins/_kafka/",
    "plugins/_tls/",
  ],
  "examples": ["core/mod.ts"],
  "admin": ["admin/", "core/", "protocols/"],
  "query": ["query/", "core/"],
  "commands": [
    "commands/",
    "compiler/",
    "core/",
    "journal/",
    "admin/",
    "query/",
    "protocols/",
    "plugins/manifest.ts",
  ],
  "cli.ts": ["commands/", "compiler/", "core/"],
};

/** Packages that only some files may load, so that starting a pipeline without them never does. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  "hono": /^(plugins\/sources\/(_?http)|plugins\/sources\/_http\/|admin\/|query\/)/,
  "@platformatic/kafka": /^protocols\/kafka\//,
  "kafkajs": /^protocols\/kafka\/kafkajs\//,
  "prom-client": /^admin\/metrics\.ts$/,
  "yaml": /^(compiler|commands)\//,
  "aws4fetch": /^protocols\/s3\//,
  "hyparquet-writer": /^protocols\/parquet\//,
  "pbf": /^protocols\/flume_log\.ts$/,
  "thrift": /^protocols\/thrift_rpc\/legacy_event\.ts$/,
  "fast-check": /^tests\//,
  "hyparquet": /^tests\//,
  "seek-bzip": /^tests\//,
};

/** The import map's names of our own files. */
const OWN_NAMES: Readonly<Record<string, string>> = { "sluice": "mod.ts", "sluice/plugin": "core/mod.ts" };

/** Says why a file may not import what it does; undefined when it may. Tests, tools and mod.ts may import anything. */
export function layerFault(path: string, specifier: string): string | undefined {
  if (/^(node|npm|data|https?|file|jsr):/.test(specifier)) return outsideFault(path, specifier);
  const target = OWN_NAMES[specifier] ??
    (specifier.startsWith(".") ? resolvePath(path, specifier) : undefined);
  if (target === undefined) return packageFault(path, specifier);
  const layer = path.includes("/") ? path.slice(0, path.indexOf("/")) : path;
  const allowed = LAYERS[layer];
  if (!allowed || allowed.some((start) => matches(target, start)) || isOwnPart(path, target)) {
    return undefined;
  }
  return `${path} may not import ${target}: ${layer} imports only ${allowed.join(", ")}`;
}

function outsideFault(path: string, specifier: string): string | undefined {
  if (specifier.startsWith("node:") || /^(tests|tools)\//.test(path)) return undefined;
  return `${path} imports ${specifier}: versions and outside names stand only in deno.json`;
}

function packageFault(path: string, specifier: string): string | undefined {
  const name = Object.keys(PACKAGES).find((name) => specifier === name || specifier.startsWith(`${name}/`));
  if (name === undefined || PACKAGES[name]!.test(path) || /^(tests|tools)\//.test(path)) return undefined;
  return `${path} may not import ${specifier}: only files like ${PACKAGES[name]!.source} do`;
}

/** A large plugin keeps private parts in `_name/` beside it; they know each other. */
function isOwnPart(path: string, target: string): boolean {
  const folder = /^plugins\/[a-z_]+\//.exec(path)?.[0];
  return folder !== undefined && target.startsWith(`${folder}_`);
}

function matches(target: string, start: string): boolean {
  return start.endsWith("/") ? target.startsWith(start) : target === start;
}

function resolvePath(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}
