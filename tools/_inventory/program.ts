/** A part of the program that is no plugin. */
export interface ProgramPart {
  /** Where a user finds it. */
  readonly text: string;
  /** The test that shows it, below `tests/`, and how its name begins. */
  readonly test: readonly [path: string, name: string];
}

const VARIABLES = "compiler/conf_variables_test.ts";
const INVENTORY = "inventory_test.ts";
const RPC_CLIENTS = "settings of RPC clients are those of the inventory";
const AGENT = "commands/agent_test.ts";

/** Components of Flume that are parts of the program here, not plugins, by id. */
export const IN_PROGRAM: Readonly<Record<string, ProgramPart>> = {
  "config_filter.env": {
    text: '`configFilters: { e: { type: env } }`, and `${e["NAME"]}` in values',
    test: [VARIABLES, "config filters give values, in each way of writing their keys"],
  },
  "config_filter.external": {
    text: '`configFilters: { x: { type: external, command: … } }`, and `${x["KEY"]}` in values',
    test: [VARIABLES, "config filters give values, in each way of writing their keys"],
  },
  "config_filter.custom": {
    text: "a module mapped by `classes:`, whose default export makes the look-up from the settings",
    test: [VARIABLES, "config filters work in YAML, and a class of one's own is a module"],
  },
  "config_source.file": {
    text: "`sluice agent --conf-file`, looked at every 30 s",
    test: [AGENT, "agent reloads a changed file by itself"],
  },
  "config_source.http": {
    text: "`sluice agent --conf-uri`, asked every 300 s",
    test: [AGENT, "agent reads an address with user and password"],
  },
  "config_source.zookeeper": {
    text: "`sluice agent --zkConnString`",
    test: ["commands/zookeeper_test.ts", "agent waits for its node in ZooKeeper"],
  },
  "rpc_client.default": {
    text:
      "`sluice avro-client --rpcProps` with `client.type = default`; in a Java program it stays as it is, with an avro source here",
    test: [INVENTORY, RPC_CLIENTS],
  },
  "rpc_client.failover": {
    text:
      "`sluice avro-client --rpcProps` with `client.type = default_failover`; in a Java program it stays as it is, with an avro source here",
    test: [INVENTORY, RPC_CLIENTS],
  },
  "rpc_client.loadbalance": {
    text:
      "`sluice avro-client --rpcProps` with `client.type = default_loadbalance`; in a Java program it stays as it is, with an avro source here",
    test: [INVENTORY, RPC_CLIENTS],
  },
  "rpc_client.thrift": {
    text:
      "`sluice avro-client --rpcProps` with `client.type = thrift`; in a Java program it stays as it is, with a thrift source here",
    test: [INVENTORY, RPC_CLIENTS],
  },
};
