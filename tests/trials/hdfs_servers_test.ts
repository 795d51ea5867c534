import { type RunningServer, serverTest, startServer } from "../servers/mod.ts";
import { HdfsLook } from "./hdfs/look.ts";
import { BY_KIND, FORMATS, hdfsSink } from "./hdfs/pipelines.ts";
import { besiegeHdfs, pause, type SiegeStage } from "./hdfs/siege.ts";
import { ROUNDS, SEED } from "./settings.ts";

const IS_LONG = ROUNDS > 3;
/** Each takes many seconds until the servers agree again. */
const TROUBLES = IS_LONG ? Math.ceil(ROUNDS / 3) : 1;
/** Long enough that a file is being sent nearly always. */
const FOLLOWED = "hdfs.rollInterval: 5, hdfs.rollSize: 64MiB, hdfs.rollCount: 0";
const APPEND = `${FORMATS.DataStream}, durable: append, appendInterval: 200`;

/** Something that happens to servers. */
interface Trouble {
  readonly name: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly more?: string;
  readonly rolls?: string;
  make(server: RunningServer, stage: SiegeStage): Promise<void>;
}

function killed(what: string): Trouble["make"] {
  return async (server, { random, watch, killAgent, startAgent }) => {
    await watch.untilInUse();
    await server.control(`kill ${what}`);
    await pause(random);
    // Also while the agent is away, and while it starts.
    const isAgentKilled = random.chance(0.5);
    if (isAgentKilled) await killAgent();
    if (isAgentKilled && random.chance(0.5)) startAgent();
    await server.control(`start ${what}`);
    if (isAgentKilled) {
      await killAgent();
      startAgent();
    }
  };
}

async function switchOver(server: RunningServer, { random, watch, killAgent, startAgent }: SiegeStage) {
  await watch.untilInUse();
  const [active, other] = (switches++ & 1) === 0 ? ["namenode1", "namenode2"] : ["namenode2", "namenode1"];
  await server.control(`${random.chance(0.5) ? "kill" : "stop"} ${active}`);
  await pause(random);
  await server.control(`active ${other}`);
  if (random.chance(0.5)) {
    await killAgent();
    startAgent();
  }
  await server.control(`start ${active}`);
}
let switches = 0;

const PAIR = { HDFS_NAMENODES: "2" };
const [DATANODE, NAMENODE] = [killed("datanode1"), killed("namenode1")];
const FAILOVER = { name: "failover of a pair of NameNodes", settings: PAIR, make: switchOver };

const SHORT: readonly Trouble[] = [
  {
    name: "a DataNode killed while a block is written, and then the NameNode",
    rolls: FOLLOWED,
    async make(server, stage) {
      await DATANODE(server, stage);
      await NAMENODE(server, stage);
    },
  },
  FAILOVER,
];

const LONG: readonly Trouble[] = [
  { name: "a DataNode killed while a block is written", rolls: FOLLOWED, make: DATANODE },
  { name: "the NameNode killed while files are written", make: NAMENODE },
  FAILOVER,
  {
    name: "one of two DataNodes killed while a block is written",
    settings: { HDFS_DATANODES: "2" },
    rolls: FOLLOWED,
    make: killed("datanode2"),
  },
  { name: "the NameNode killed under appends", more: APPEND, make: NAMENODE },
  { name: "a DataNode killed under appends", more: APPEND, make: DATANODE },
  { name: "failover of a pair of NameNodes under appends", settings: PAIR, more: APPEND, make: switchOver },
];

for (const { name, settings, more = FORMATS.DataStream, rolls, make } of IS_LONG ? LONG : SHORT) {
  serverTest({ needs: ["hdfs"] }, `${name}: every event arrives once (TRIAL_SEED=${SEED})`, async () => {
    const server = (await startServer("hdfs", settings))!;
    try {
      switches = 0;
      const [target, nameNodes] = [`${server.env.HDFS_URI}/trial`, server.env.HDFS_WEBHDFS!];
      await besiegeHdfs({
        name,
        look: new HdfsLook(nameNodes, "/trial"),
        sink: hdfsSink({ target, nameNodes, partition: BY_KIND, more, ...rolls && { rolls } }),
        rounds: TROUBLES,
        trouble: (stage) => make(server, stage),
      });
    } finally {
      await server.stop();
    }
  });
}
