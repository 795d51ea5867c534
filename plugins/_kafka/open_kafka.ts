import { type Config, ConfigError, type Context } from "sluice/plugin";
import type { KafkaClient, KafkaTarget } from "../../protocols/kafka/client.ts";
import { type ConsumerSettings, type ProducerSettings, targetLimits } from "./client_settings.ts";
import type { connectionFields } from "./connection_fields.ts";
import { readCredentials } from "./credentials.ts";
import { readTls } from "./tls.ts";

/**
 * Loads the chosen client and makes one that speaks to the brokers as this side says. Trouble that it tries to get over
 * shows as the component's state.
 * @param side what stands below `kafka.producer` or `kafka.consumer`.
 * @throws {ConfigError | Error} when credentials or certificates cannot be used.
 */
export async function openKafka(
  settings: Config<typeof connectionFields>,
  side: ProducerSettings | ConsumerSettings,
  context: Context,
): Promise<KafkaClient> {
  const target = await kafkaTarget(settings, side, context);
  if (settings.client === "kafkajs") {
    const { createKafkajsClient } = await import("../../protocols/kafka/kafkajs/client.ts");
    return createKafkajsClient(target);
  }
  const { createPlatformaticClient } = await import("../../protocols/kafka/platformatic.ts");
  return createPlatformaticClient(target);
}

/**
 * Where the brokers are, and how this side speaks to them; see `openKafka`.
 * @throws {ConfigError | Error} when credentials or certificates cannot be used.
 */
export async function kafkaTarget(
  settings: Config<typeof connectionFields>,
  side: ProducerSettings | ConsumerSettings,
  context: Context,
): Promise<KafkaTarget> {
  const sasl = readCredentials(side);
  if (sasl && "key" in sasl) throw new ConfigError(`${sasl.text}: ${sasl.fix}`);
  return {
    brokers: settings["kafka.bootstrap.servers"].map((broker) => broker.replace(/^[a-z_]+:\/\//i, "")),
    ...targetLimits(side, context),
    tls: await readTls(side),
    sasl,
    onTrouble: (cause) => showTrouble(context, cause),
  };
}

/** At its end a component has neither trouble nor is it over. */
function showTrouble(context: Context, cause: Error | undefined): void {
  if (context.signal.aborted || context.stopSignal?.aborted) return;
  if (cause) context.hold(cause);
  else context.recover();
}
