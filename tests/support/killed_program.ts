/** Runs a program until something has happened, and kills it then. */
export async function runUntilKilled(
  program: URL,
  { argument, until }: { argument: unknown; until: () => Promise<void> },
): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", program.pathname, JSON.stringify(argument)],
    stdin: "null",
    stderr: "inherit",
  }).spawn();
  try {
    await until();
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}
