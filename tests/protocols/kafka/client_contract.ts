import type { KafkaTarget } from "../../../protocols/kafka/client.ts";
import { createKafkajsClient } from "../../../protocols/kafka/kafkajs/client.ts";
import { createPlatformaticClient } from "../../../protocols/kafka/platformatic.ts";
import type { ContractCase } from "../../contracts/case.ts";
import type { ClientBench, ClientSubject } from "./contract/bench.ts";
import { CONSUME_CASES } from "./contract/consume_cases.ts";
import { GROUP_CASES } from "./contract/group_cases.ts";
import { PRODUCE_CASES } from "./contract/produce_cases.ts";
import { SECURITY_CASES } from "./contract/security_cases.ts";
import { TRANSACTION_CASES } from "./contract/transaction_cases.ts";

/** What every Kafka client promises. */
export const CLIENT_CASES: readonly ContractCase<ClientBench>[] = [
  ...PRODUCE_CASES,
  ...CONSUME_CASES,
  ...GROUP_CASES,
  ...TRANSACTION_CASES,
  ...SECURITY_CASES,
];

const kafkajs = (target: KafkaTarget) => createKafkajsClient(target);
const platformatic = (target: KafkaTarget) => createPlatformaticClient(target);

/** The clients, each with the other one. */
export const CLIENTS: readonly ClientSubject[] = [
  { name: "kafkajs", create: kafkajs, createOther: platformatic },
  { name: "platformatic", create: platformatic, createOther: kafkajs },
];

/** Cases that a client cannot meet: client → case → reason. */
export const CLIENT_EXCEPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  kafkajs: {
    "tells the ids of topics": "it speaks no version of Metadata or Fetch that has them",
    "is known again by its instance id": "it speaks no version of JoinGroup that has one",
    "reads as a member of a group of Kafka 4": "it speaks the classic protocol only",
    "refuses to begin anywhere when it shall not, and nobody knows an offset":
      "it moves to the start or the end by itself when an offset is gone, so the setting is refused",
    "hides aborted transactions that overlap, when reading begins amid them":
      "it takes no notice of the second of two transactions that began before what it fetches",
  },
  platformatic: {},
};
