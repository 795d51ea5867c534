import { usageError } from "../exit.ts";

/** What a ZooKeeper connect string such as `h1:2181,h2:2181/flume` says. */
export interface ZooKeeperHosts {
  readonly hosts: readonly { readonly hostname: string; readonly port: number }[];
  /** The folder that all paths lie in; empty for none. */
  readonly chroot: string;
}

const DEFAULT_PORT = 2181;

/**
 * Reads a connect string: hosts parted by commas, a port each (2181), and a chroot behind all of them.
 * @throws {CommandError} when it is none.
 */
export function readConnectString(written: string): ZooKeeperHosts {
  const slash = written.indexOf("/");
  const [hostsPart, chroot] = slash < 0 ? [written, ""] : [written.slice(0, slash), written.slice(slash)];
  const hosts = hostsPart.split(",").map((one) => readHost(one.trim()));
  if (hosts.includes(undefined)) {
    throw usageError(
      `--zkConnString cannot be "${written}"`,
      "write hosts and ports, such as zk1:2181,zk2:2181, and a chroot behind them if there is one",
    );
  }
  return { hosts: hosts.filter((host) => host !== undefined), chroot: nodePath(chroot) };
}

/** Joins parts to the path of a node: one slash in front of each name, none at the end. */
export function nodePath(...parts: readonly string[]): string {
  return parts.flatMap((part) => part.split("/")).filter((name) => name !== "").map((name) => `/${name}`)
    .join("");
}

function readHost(written: string): ZooKeeperHosts["hosts"][number] | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(written) ?? [];
  const hostname = bracketed ?? plain;
  const number = port === undefined ? DEFAULT_PORT : Number(port);
  return hostname === undefined || number < 1 || number > 65535 ? undefined : { hostname, port: number };
}
