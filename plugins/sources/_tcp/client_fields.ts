import { duration, int } from "sluice/plugin";

/** How many clients a TCP source serves, and how long; the fields behind `TcpOptions`. */
export const clientFields = {
  maxConnections: int({ min: 1 }, { unit: "connections" }).default(1024)
    .describe("Clients at once; one more is closed."),
  idleTimeout: duration("s").default(0).describe(
    "Close clients that have sent nothing for so long; 0 never does.",
  ),
};
