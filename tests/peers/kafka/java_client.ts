import { runJavaProgram } from "../java_program.ts";

/** What Kafka's own client did with a topic. */
export interface JavaLoad {
  readonly topic: string;
  readonly records: number;
  readonly ms: number;
}

/** Measures Kafka's own client, in a process of its own; `settings` are those of KafkaLoad.java. */
export async function loadWithJava(
  classpath: string,
  settings: Readonly<Record<string, string | number>>,
): Promise<JavaLoad[]> {
  return await runJavaProgram({ mainClass: "KafkaLoad", classpath }, settings);
}
