import { BlockPool, choice, int } from "sluice/plugin";
import { clientFields } from "../_tcp/client_fields.ts";

/** What syslog sources that listen on TCP have in addition. */
export const tcpFields = {
  eventSize: int({ min: 10 }, { unit: "bytes" }).default(2500).describe(
    "Longest event with its head. A longer one is cut and marked Incomplete; its rest comes as further events.",
  ),
  framing: choice(["auto", "newline", "octets"]).default("auto").describe(
    "How events end: at a newline (Flume's way), after a length in front of them (RFC 6587), or as the first bytes show.",
  ),
  ...clientFields,
};

/** What those sources promise. */
export const TCP_ABOUT =
  "Nothing is answered: a full channel stops the reading, and TCP holds the sender back, so that nothing is refused. What " +
  "was read and not yet committed is lost at a crash, with what the kernel holds; at an orderly stop what was read is still " +
  "delivered. A line without its newline at the end of a connection is kept and marked Incomplete, where Flume drops it. A TLS " +
  "client on a plain port and an HTTP request are closed, with a line in the log and EventReadFail.";

/** Blocks for what is read, of all connections of a source together. */
export function readPool(): BlockPool {
  return new BlockPool({ blockBytes: 64 * 1024, maxBlocks: 16 });
}
