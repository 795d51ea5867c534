/** The value of an environment variable. In a sandbox that does not grant the variable it counts as unset. */
export function environment(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}
