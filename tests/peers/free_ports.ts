const FIRST = 20_000;
const COUNT = 12_000;

/** Ports that nobody listens on, all different, below those that the system gives to connections. */
export function freePorts(count: number): number[] {
  const found = new Set<number>();
  while (found.size < count) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (isFree(port)) found.add(port);
  }
  return [...found];
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (cause) {
    if (cause instanceof Deno.errors.AddrInUse) return false;
    throw cause;
  }
}
