import { Pattern } from "../core/pattern.ts";
import type { CodecChoice } from "../core/codec.ts";
import type { Plan, PlanPart } from "../core/plan.ts";
import type { AnyPlugin, PluginNeeds } from "../core/plugin.ts";
import { type FieldMeta, type Fields, metaOf } from "../core/schema.ts";
import { fieldAt, shapeOf } from "./field_shape.ts";
import type { Uses } from "./surroundings.ts";

/** What else a run touches: the pipeline file, and what it asked for while it was compiled. */
export interface RunFacts {
  readonly file: string;
  readonly uses: Uses;
  /** Paths that the program itself reads, such as its own folder. */
  readonly reads?: readonly string[];
  /** Where Deno keeps packages. */
  readonly packages?: string | undefined;
}

/** Deno's exact permission flags for a plan: what it reads, writes, listens on, connects to and starts. */
export function permissionFlags(plan: Plan, facts: RunFacts): string[] {
  const needs = new Needs(facts.packages);
  needs.read.add(facts.file);
  for (const path of [...facts.reads ?? [], ...facts.uses.files]) needs.read.add(path);
  for (const module of facts.uses.modules) needs.module(module);
  for (const name of facts.uses.env) needs.env.add(name);
  for (const program of facts.uses.commands ?? []) needs.run.add(program);
  needs.path(plan.stateDir, "read-write");
  for (const { plugin, config } of partsOf(plan)) needs.plugin(plugin, config);
  if (plan.admin) needs.net.add(address(plan.admin.bind, String(plan.admin.port)));
  return needs.flags();
}

function partsOf(plan: Plan): PlanPart[] {
  return [
    ...plan.sources.flatMap((source) => [source, ...source.interceptors, source.selector]),
    ...plan.channels,
    ...plan.takers.flatMap(({ processor, sinks }) => processor ? [processor, ...sinks] : sinks),
    ...plan.deadLetters ? [plan.deadLetters] : [],
    ...plan.reporters ?? [],
  ];
}

/** What one component listens on and connects to; hosts and ports stand in different fields. */
interface Ends {
  readonly listenHosts: string[];
  readonly listenPorts: string[];
  readonly hosts: string[];
  readonly ports: string[];
}

class Needs {
  readonly read = new Set<string>();
  readonly write = new Set<string>();
  readonly net = new Set<string>();
  readonly run = new Set<string>();
  readonly env = new Set<string>();
  readonly sys = new Set<string>();
  readonly imports = new Set<string>();
  readonly #packages: string | undefined;

  constructor(packages: string | undefined) {
    this.#packages = packages;
  }

  plugin(plugin: AnyPlugin, config: Readonly<Record<string, unknown>>): void {
    const ends: Ends = { listenHosts: [], listenPorts: [], hosts: [], ports: [] };
    for (const [key, field] of Object.entries(plugin.config as Fields)) {
      const value = config[key];
      if (value === undefined || value === null) continue;
      if (shapeOf(field).kind === "codec") {
        const choice = value as CodecChoice;
        this.plugin(choice.plugin, choice.config);
      } else if (Array.isArray(value)) this.#inMap(metaOf(field), value, ends);
      else this.#value(metaOf(field), value, ends);
      if (shapeOf(field).kind !== "map") continue;
      for (const [name, inner] of Object.entries(value)) {
        this.#inMap(metaOf(fieldAt(field, [name])), inner, ends);
      }
    }
    this.#join(ends);
    this.#command(plugin, config);
    this.#beside(plugin.needs?.(config) ?? {});
  }

  #beside({ net = [], paths = [], reads = [], env = [], sys = [], packages = false }: PluginNeeds): void {
    for (const one of net) this.net.add(one);
    for (const path of paths) this.path(fixedPart(path), "read-write");
    for (const path of reads) this.read.add(path);
    for (const name of env) this.env.add(name);
    for (const call of sys) this.sys.add(call);
    if (packages && this.#packages !== undefined) this.read.add(this.#packages);
  }

  path(path: string, access: NonNullable<FieldMeta["access"]>): void {
    // Deno asks for both when a file is renamed or its own output is read again.
    this.read.add(path);
    if (access !== "read") this.write.add(path);
  }

  module(specifier: string): void {
    if (specifier.startsWith("file:")) this.read.add(decodeURIComponent(new URL(specifier).pathname));
    else if (/^https?:/.test(specifier)) this.imports.add(new URL(specifier).host);
    else if (/^[./]/.test(specifier)) this.read.add(specifier);
  }

  flags(): string[] {
    const flag = (name: string, values: ReadonlySet<string>) =>
      values.size === 0
        ? []
        : [`--allow-${name}${values.has("*") ? "" : `=${[...values].sort().map(escapeComma).join(",")}`}`];
    return [
      ...flag("read", this.read),
      ...flag("write", this.write),
      ...flag("net", this.net),
      ...flag("run", this.run),
      ...flag("env", this.env),
      ...flag("sys", this.sys),
      ...flag("import", this.imports),
    ];
  }

  #value(about: FieldMeta, value: unknown, ends: Ends): void {
    const texts = (Array.isArray(value) ? value : [value])
      .filter((one) => ["string", "number"].includes(typeof one) || one instanceof Pattern).map(String);
    for (const text of texts.filter((one) => one !== "")) {
      if (about.access) this.path(fixedPart(text), about.access);
      if (about.net === "listen-host") ends.listenHosts.push(text);
      if (about.net === "listen-port") ends.listenPorts.push(text);
      // A name that datagrams are sent to is looked up without its port.
      if (about.net === "datagram") this.net.add(text.replace(/:\d+$/, ""));
      if (about.net === "connect") (/^\d+$/.test(text) ? ends.ports : ends.hosts).push(text);
    }
  }

  /** Paths in maps and lists may be patterns (`filegroups`), whose folder is listed and watched. */
  #inMap(about: FieldMeta, value: unknown, ends: Ends): void {
    if (!about.access) return this.#value(about, value, ends);
    for (const text of [value].flat().map(String)) {
      const fixed = fixedPart(text);
      this.path(fixed === text ? folderOf(text) : fixed, about.access);
    }
  }

  #join({ listenHosts, listenPorts, hosts, ports }: Ends): void {
    for (const host of listenPorts.length > 0 && listenHosts.length === 0 ? ["0.0.0.0"] : listenHosts) {
      for (const port of listenPorts) this.net.add(address(host, port));
    }
    for (const host of hosts) {
      const at = endpointOf(host);
      if (at.includes(":") || ports.length === 0) this.net.add(at);
      else for (const port of ports) this.net.add(address(at, port));
    }
  }

  /** A command line starts its first word, or the shell that is to read it. */
  #command(plugin: AnyPlugin, config: Readonly<Record<string, unknown>>): void {
    const isRun = Object.entries(plugin.config as Fields).some(([key, field]) =>
      metaOf(field).run && config[key]
    );
    if (!isRun) return;
    const line = String(config.shell ?? config.command ?? "*").trim();
    this.run.add(line.split(/\s+/)[0]!);
  }
}

/** A URL's host and port, or a host as it is. */
function endpointOf(text: string): string {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? URL.parse(text) : null;
  if (!url) return text;
  const defaults: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };
  const port = url.port || defaults[url.protocol];
  return port ? `${url.hostname}:${port}` : url.hostname;
}

/** A free port (0) takes the whole host; IPv6 stands in brackets. */
function address(host: string, port: string): string {
  const bracketed = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return port === "0" ? bracketed : `${bracketed}:${port}`;
}

/** The folder in front of the first part with a pattern or an escape: `/var/log/%{host}/x` → `/var/log`. */
function fixedPart(path: string): string {
  const parts = path.split("/");
  const wild = parts.findIndex((part) => /[*?[\](){}|^$\\%+]/.test(part));
  if (wild < 0) return path;
  return parts.slice(0, wild).join("/") || (path.startsWith("/") ? "/" : ".");
}

/** Deno reads two commas as one that belongs to the value. */
function escapeComma(value: string): string {
  return value.replaceAll(",", ",,");
}

function folderOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "." : path.slice(0, end) || "/";
}
