/** Whether an address, or a name, can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
  return /^127(?:\.\d{1,3}){3}$/.test(name) || name === "::1" || name === "localhost" ||
    name.endsWith(".localhost");
}

/**
 * Whether a request to a server on loopback is meant for it: a page of another site that has its name point to 127.0.0.1
 * (DNS rebinding) sends that name in the `Host` header (RFC 9110, section 7.2). `names` are allowed, too.
 */
export function isLocalRequest(hostHeader: string | null, names: readonly string[] = []): boolean {
  const name = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(hostHeader ?? "")?.[1];
  return name !== undefined && name !== "" &&
    (isLoopback(name) || names.some((other) => other.toLowerCase() === name.toLowerCase()));
}
