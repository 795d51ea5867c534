import assert from "node:assert/strict";
import type { AnyPlugin, PluginKind } from "sluice/plugin";
import { MANIFEST } from "../plugins/manifest.ts";
import type { ContractCase } from "./contracts/case.ts";
import { CHANNEL_CASES, ChannelSubject } from "./contracts/channel.ts";
import { CODEC_CASES } from "./contracts/codec.ts";
import { INTERCEPTOR_CASES } from "./contracts/interceptor.ts";
import {
  CODEC_BODIES,
  EXCEPTIONS,
  FEEDS,
  PROCESSOR_SINKS,
  SETTINGS,
  TARGETS,
  WITH_SERVERS,
} from "./contracts/plugins.ts";
import { SELECTOR_CASES } from "./contracts/selector.ts";
import { SINK_CASES } from "./contracts/sink.ts";
import { SINK_PROCESSOR_CASES } from "./contracts/sink_processor.ts";
import { SOURCE_CASES } from "./contracts/source.ts";
import { loadPlugin, Subject } from "./contracts/subject.ts";

/** A suite and its plugin joined: what is left is to run it. */
type Bound = { readonly name: string; readonly run: () => Promise<void> | void };

function bind<S>(cases: readonly ContractCase<S>[], subject: S): Bound[] {
  return cases.map(({ name, run }) => ({ name, run: () => run(subject) }));
}

function known<T>(table: Readonly<Record<string, T>>, plugin: AnyPlugin): T {
  const entry = table[plugin.name];
  // Its suite runs elsewhere, with what it needs.
  if (WITH_SERVERS[`${plugin.kind} ${plugin.name}`]) return entry!;
  assert.ok(entry, `tests/contracts/plugins.ts does not say how to use ${plugin.kind} "${plugin.name}"`);
  return entry;
}

/** What a case leaves open is closed behind it. */
function bindChannel(subject: ChannelSubject): Bound[] {
  return bind(CHANNEL_CASES, subject).map(({ name, run }) => ({
    name,
    run: async () => {
      try {
        await run();
      } finally {
        await subject.end();
      }
    },
  }));
}

function suiteOf(plugin: AnyPlugin): Bound[] {
  const settings = SETTINGS[`${plugin.kind} ${plugin.name}`];
  const make = <Part>() => new Subject<Part>(plugin, settings);
  const suites: Readonly<Record<PluginKind, () => Bound[]>> = {
    source: () => bind(SOURCE_CASES, { subject: make(), makeFeed: known(FEEDS, plugin) }),
    interceptor: () => bind(INTERCEPTOR_CASES, make()),
    selector: () => bind(SELECTOR_CASES, make()),
    channel: () => bindChannel(new ChannelSubject(plugin, settings)),
    sink: () => bind(SINK_CASES, { subject: make(), makeTarget: known(TARGETS, plugin) }),
    sink_processor: () =>
      bind(SINK_PROCESSOR_CASES, { subject: make(), sinks: PROCESSOR_SINKS[plugin.name] ?? 3 }),
    codec: () => bind(CODEC_CASES, { subject: make(), ...CODEC_BODIES[plugin.name] }),
    reporter: () => [],
  };
  return suites[plugin.kind]();
}

const unused = new Set(
  Object.entries(EXCEPTIONS).flatMap(([plugin, cases]) =>
    Object.keys(cases).map((name) => `${plugin}: ${name}`)
  ),
);
for (const [kind, plugins] of Object.entries(MANIFEST)) {
  for (const name of Object.keys(plugins)) {
    const subject = `${kind} ${name}`;
    for (const { name: promise, run } of suiteOf(await loadPlugin(kind as PluginKind, name))) {
      if (EXCEPTIONS[subject]?.[promise] !== undefined) unused.delete(`${subject}: ${promise}`);
      else if (!WITH_SERVERS[subject]) {
        Deno.test(`${subject} ${promise}`, async () => await run());
      }
    }
  }
}

Deno.test("contract exceptions name plugins and cases that exist", () => {
  assert.deepEqual([...unused], []);
});
