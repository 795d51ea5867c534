/**
 * The name under which a sink makes its transactions, where none is written: made at random once and kept in the state
 * folder, since what the brokers keep under it belongs to what else lies there.
 */
export async function ownTransactionalId(stateDir: string, sink: string): Promise<string> {
  const folder = `${stateDir}/kafka/${encodeURIComponent(sink).replaceAll(".", "%2E")}`;
  const path = `${folder}/transactional_id`;
  const known = await readIfThere(path);
  if (known !== undefined) return known;
  const id = `sluice-${sink.replace(/[^\w.-]/g, "_")}-${crypto.randomUUID()}`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${path}.new`, `${id}\n`);
  await Deno.rename(`${path}.new`, path);
  return id;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    // After a power failure the file may be empty: nothing was sent under its name then.
    return (await Deno.readTextFile(path)).trim() || undefined;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
}
