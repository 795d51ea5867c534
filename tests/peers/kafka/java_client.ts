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
  const { success, stdout, stderr } = await new Deno.Command("java", {
    args: [
      "-Xmx512m",
      "-Dlog4j2.level=WARN",
      "-cp",
      classpath,
      "KafkaLoad",
      ...Object.entries(settings).map(([key, value]) => `${key}=${value}`),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (!success) {
    throw new Error(`Kafka's client failed: ${new TextDecoder().decode(stderr).slice(-4000)}${text}`);
  }
  return text.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}
