import { type AnyPlugin, loneContext, type Sink, z } from "../../core/mod.ts";
import { usageError } from "../exit.ts";
import { loadPlugin } from "../_manifest.ts";
import type { ClientSettings, Host } from "./client_settings.ts";
import type { Connect } from "./hosts_sender.ts";

/**
 * What connects to the hosts of a client: the avro or the thrift sink, one for each.
 * @throws {CommandError} when the sink cannot use the settings.
 */
export async function connector({ type, hosts, batchSize, sinkFields }: ClientSettings): Promise<Connect> {
  const isThrift = type === "thrift";
  const plugin = await loadPlugin("sink", isThrift ? "thrift" : "avro");
  const configOf = (host: Host) =>
    checked(plugin, {
      ...sinkFields,
      ...host,
      "batch-size": batchSize,
      // The bytes are exactly those of Flume's client.
      ...!isThrift && { batchIdentity: false },
    });
  for (const host of hosts) configOf(host);
  return async (host) => {
    const sink = await plugin.create(configOf(host), loneContext(`${host.hostname}:${host.port}`)) as Sink;
    return {
      async send(batch, signal) {
        await (await sink.write(batch, signal))?.delivered;
      },
      close: () => void sink.close?.(),
    };
  };
}

function checked(plugin: AnyPlugin, fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result = z.strictObject(plugin.config).safeParse(fields);
  if (!result.success) {
    const [issue] = result.error.issues;
    const key = issue!.code === "unrecognized_keys" ? issue!.keys.join(", ") : issue!.path.join(".");
    throw usageError(
      `The client property ${key} cannot be used: ${issue!.message}`,
      `correct it; all of them: sluice plugins show sink ${plugin.name}`,
    );
  }
  const [complaint] = plugin.check?.(result.data) ?? [];
  if (complaint) throw usageError(complaint.text, complaint.fix ?? "correct it");
  return result.data;
}
