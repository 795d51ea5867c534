import type { Context, Counters } from "sluice/plugin";
import { sampleBytes, sampleLines, samplePath } from "../support/samples.ts";
import { until } from "../support/until.ts";
import { latin1 } from "./batches.ts";

/** Where a source under test gets its events from. */
export interface Feed {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly stateDir?: string;
  /** The bodies that must come; absent: whatever the source makes up. */
  readonly expected?: readonly string[];
  /** Called once the source runs. */
  give?(context: Context): Promise<void>;
  close?(): Promise<void> | void;
}

/** Makes a feed for a source. */
export type FeedMaker = () => Promise<Feed> | Feed;

const EXPECTED = sampleLines("application.log").map(latin1);
/** Lines without empty ones, and short, for protocols that have a limit. */
const SHORT = EXPECTED.filter((line) => line !== "").slice(0, 12);
const LATIN1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

async function portOf({ counters }: { counters: Counters }): Promise<number> {
  await until("the source to listen", () => counters.get("Port") > 0);
  return counters.get("Port");
}

/** A source that makes its events up. */
export function ownFeed(settings: Readonly<Record<string, unknown>>): FeedMaker {
  return () => ({ settings });
}

/** The output of a command. */
export function commandFeed(): Feed {
  return { settings: { command: `cat ${samplePath("application.log")}` }, expected: EXPECTED };
}

/** Standard input of this process. */
export function stdinFeed(): Feed {
  const { read } = Deno.stdin;
  let rest: Uint8Array = sampleBytes("application.log");
  Deno.stdin.read = (into) => {
    const bytes = Math.min(into.length, rest.length, 1000);
    into.set(rest.subarray(0, bytes));
    rest = rest.subarray(bytes);
    return Promise.resolve(bytes === 0 ? null : bytes);
  };
  return { settings: {}, expected: EXPECTED, close: () => void (Deno.stdin.read = read) };
}

/** A folder with a file; `settings` tells how the source names it. */
export function folderFeed(settings: (folder: string) => Readonly<Record<string, unknown>>): FeedMaker {
  return async () => {
    const folder = await Deno.makeTempDir();
    await Deno.mkdir(`${folder}/in`);
    await Deno.copyFile(samplePath("application.log"), `${folder}/in/application.log`);
    return {
      settings: settings(`${folder}/in`),
      stateDir: `${folder}/state`,
      expected: EXPECTED,
      close: () => Deno.remove(folder, { recursive: true }),
    };
  };
}

/** A client that posts lines. */
export function httpFeed(): Feed {
  return {
    settings: { bind: "127.0.0.1", port: 0 },
    expected: SHORT,
    async give(context) {
      const url = `http://127.0.0.1:${await portOf(context)}/`;
      const body = LATIN1(SHORT.map((line) => `${line}\n`).join(""));
      const answer = await fetch(url, { method: "POST", body, headers: { "content-type": "text/plain" } });
      await answer.body?.cancel();
    },
  };
}

/** A client that sends lines over TCP and reads no further than it must. */
export function tcpFeed(): Feed {
  const settings = { bind: "127.0.0.1", port: 0, "ack-every-event": false };
  let conn: Deno.TcpConn | undefined;
  return {
    settings,
    expected: SHORT,
    async give(context) {
      conn = await Deno.connect({ hostname: "127.0.0.1", port: await portOf(context) });
      const bytes = LATIN1(SHORT.map((line) => `${line}\n`).join(""));
      for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
    },
    close: () => conn?.close(),
  };
}

/** A client that sends each line as a datagram. */
export function udpFeed(): Feed {
  return {
    settings: { bind: "127.0.0.1", port: 0 },
    expected: SHORT,
    async give(context) {
      const { createSocket } = await import("node:dgram");
      const port = await portOf(context);
      const socket = createSocket("udp4");
      for (const line of SHORT) {
        await new Promise<void>((resolve, reject) => {
          socket.send(LATIN1(line), port, "127.0.0.1", (fault) => fault ? reject(fault) : resolve());
        });
      }
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}
