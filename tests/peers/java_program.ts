/**
 * Runs a Java program of the peers in a process of its own, and gives the JSON lines that it prints. `settings` become
 * arguments such as `port=4141`.
 */
export async function runJavaProgram<Line>(
  { mainClass, classpath }: { readonly mainClass: string; readonly classpath: string },
  settings: Readonly<Record<string, string | number>>,
): Promise<Line[]> {
  const { success, stdout, stderr } = await new Deno.Command("java", {
    args: [
      "-Xmx512m",
      "-Dlog4j2.level=WARN",
      "-cp",
      classpath,
      mainClass,
      ...Object.entries(settings).map(([key, value]) => `${key}=${value}`),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (!success) {
    throw new Error(`${mainClass} failed: ${new TextDecoder().decode(stderr).slice(-4000)}${text}`);
  }
  return text.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}
