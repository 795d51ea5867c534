/** Runs a trial in a folder of its own, which stays for a look when the trial fails. */
export async function inFolder(name: string, run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "trial-" });
  try {
    await run(folder);
  } catch (cause) {
    console.log(`${name}: what is left lies in ${folder}`);
    throw cause;
  }
  await Deno.remove(folder, { recursive: true });
}
