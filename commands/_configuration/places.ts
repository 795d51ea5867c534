import { CommandError, usageError } from "../exit.ts";
import { durationMs } from "../_duration.ts";
import { FilePlace } from "./file_place.ts";
import { HttpPlace } from "./http_place.ts";
import type { ConfigurationPlace } from "./place.ts";
import { ZooKeeperPlace } from "./zookeeper_place.ts";

/** What the command line of an agent says about its configuration. */
export interface PlacesCall {
  readonly name?: string;
  readonly "conf-file"?: readonly string[];
  readonly "conf-uri"?: readonly string[];
  readonly "conf-user"?: string;
  readonly "conf-password"?: string;
  readonly "poll-interval"?: string;
  readonly zkConnString?: string;
  readonly zkBasePath?: string;
}

const FILE_MS = 30_000;
const HTTP_MS = 300_000;

/**
 * All places that an agent's configuration is read from, in the order in which they are merged: ZooKeeper alone, else
 * addresses, then files.
 * @throws {CommandError} when none is named, or one cannot be used.
 */
export function placesOf(call: PlacesCall, folders: readonly string[]): ConfigurationPlace[] {
  const { "conf-file": files = [], "conf-uri": uris = [], zkConnString } = call;
  const polled = call["poll-interval"];
  const pollMs = polled === undefined ? undefined : durationMs("poll-interval", polled);
  if (zkConnString !== undefined) {
    if (files.length + uris.length > 0) {
      throw usageError("ZooKeeper stands alone", "leave out --conf-file and --conf-uri, or --zkConnString");
    }
    if (call.name === undefined) {
      throw usageError("ZooKeeper holds a node for each agent", "name yours: --name NAME");
    }
    return [
      new ZooKeeperPlace({ connect: zkConnString, basePath: call.zkBasePath ?? "/flume", agent: call.name }),
    ];
  }
  if (files.length + uris.length === 0) {
    throw usageError(
      "agent needs a configuration",
      "write --conf-file FILE, --conf-uri URI, or --zkConnString HOSTS",
    );
  }
  const http = { lookMs: pollMs ?? HTTP_MS, user: call["conf-user"], password: call["conf-password"] };
  return [
    ...uris.map((uri) => uriPlace(uri, { http, folders, lookMs: pollMs ?? FILE_MS })),
    ...files.map((path) => new FilePlace(path, { lookMs: pollMs ?? FILE_MS })),
  ];
}

interface UriAbout {
  readonly http: ConstructorParameters<typeof HttpPlace>[1];
  readonly folders: readonly string[];
  readonly lookMs: number;
}

function uriPlace(written: string, { http, folders, lookMs }: UriAbout): ConfigurationPlace {
  const [, scheme = "file", rest = written] = /^([a-z][a-z0-9+.-]*):(.*)$/i.exec(written) ?? [];
  const url = URL.parse(written);
  if (/^https?$/i.test(scheme) && url) return new HttpPlace(url, http);
  if (/^file$/i.test(scheme)) {
    return new FilePlace(rest === written ? written : filePath(written, url), { lookMs });
  }
  if (/^classpath$/i.test(scheme)) {
    return new FilePlace(findResource(rest, folders), { lookMs, name: written });
  }
  throw usageError(
    `--conf-uri cannot be "${written}"`,
    "write an address that begins with file:, http:, https: or classpath:",
  );
}

/** `file:/x`, `file:///x`, and what Java also takes: `file:x`, from the working folder. */
function filePath(written: string, url: URL | null): string {
  const isAbsolute = /^file:\//i.test(written);
  return isAbsolute && url ? decodeURIComponent(url.pathname) : written.replace(/^file:/i, "");
}

function findResource(rest: string, folders: readonly string[]): string {
  const name = rest.replace(/^\/+/, "");
  const path = folders.map((folder) => `${folder}/${name}`).find(exists);
  if (path !== undefined) return path;
  throw new CommandError(`There is no "${name}" on the class path`, {
    fix: "name its folder with --conf or --classpath; files inside jars cannot be read",
    exit: "findings",
  });
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
