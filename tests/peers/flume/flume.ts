import { runJavaProgram } from "../java_program.ts";
import { Peer } from "../peer.ts";

/** An agent of a .conf file. */
export interface FlumeOptions {
  /** Where its classes are: FLUME_CLASSPATH of `servers run flume`. */
  readonly classpath: string;
  readonly name: string;
  readonly conf: string;
  /** A folder for its file and its log settings. */
  readonly folder: string;
  readonly heap?: string;
}

/** What a sender of events did. */
export interface SentEvents {
  readonly port: number;
  /** Events that were accepted. */
  readonly events: number;
  readonly ms: number;
}

const LOG_SETTINGS = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c{1} - %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`;
const SOURCES = /^[^.#\n]+\.sources\s*=\s*(.*)$/m;

/** Starts Apache Flume on a .conf file; resolves when its sources have started, which it starts last. */
export async function startFlume(
  { classpath, name, conf, folder, heap = "512m" }: FlumeOptions,
): Promise<Peer> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/log4j2.properties`, LOG_SETTINGS);
  await Deno.writeTextFile(`${folder}/flume.conf`, conf);
  const peer = new Peer({
    program: "java",
    args: [
      `-Xmx${heap}`,
      `-Dlog4j2.configurationFile=${folder}/log4j2.properties`,
      "-cp",
      classpath,
      "org.apache.flume.node.Application",
      "-n",
      name,
      "-f",
      `${folder}/flume.conf`,
      "--no-reload-conf",
    ],
    cwd: folder,
  });
  const sources = SOURCES.exec(conf)![1]!.trim().split(/\s+/);
  try {
    await peer.untilItSays(/Component type: SOURCE, name: \S+ started/, sources.length);
  } catch (cause) {
    await peer.kill();
    throw cause;
  }
  return peer;
}

/** Sends events with Flume's own client, a process of its own; `settings` are those of RpcSender.java. */
export async function sendWithFlume(
  classpath: string,
  settings: Readonly<Record<string, string | number>>,
): Promise<SentEvents[]> {
  return await runJavaProgram({ mainClass: "RpcSender", classpath }, settings);
}
