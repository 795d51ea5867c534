import { CHANNEL_CASES, ChannelSubject } from "../../contracts/channel.ts";
import { EXCEPTIONS } from "../../contracts/plugins.ts";
import type { CreateOptions } from "../../contracts/subject.ts";
import kafka from "../../../plugins/channels/kafka.ts";
import { sharedServerTest } from "../../servers/mod.ts";
import { CLIENTS, freshSettings } from "./_kafka/kafka_channels.ts";

const kafkaTest = sharedServerTest("kafka");

/** Each channel has a topic and a group of its own. */
class KafkaSubject extends ChannelSubject {
  readonly #client: string;
  readonly #brokers: string;

  constructor(about: { readonly client: string; readonly brokers: string }) {
    super(kafka);
    this.#client = about.client;
    this.#brokers = about.brokers;
  }

  override create(options: CreateOptions = {}) {
    const own = { ...freshSettings(this.#brokers), client: this.#client };
    return super.create({ ...options, change: { ...own, ...options.change } });
  }
}

for (const client of CLIENTS) {
  for (const { name, run } of CHANNEL_CASES.filter(({ name }) => !EXCEPTIONS["channel kafka"]![name])) {
    kafkaTest(`channel kafka (${client}) ${name}`, async ({ env }) => {
      const subject = new KafkaSubject({ client, brokers: env.KAFKA_BROKERS! });
      try {
        await run(subject);
      } finally {
        await subject.end();
      }
    });
  }
}
