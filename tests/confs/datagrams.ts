import { createSocket } from "node:dgram";
import { freePorts } from "../peers/free_ports.ts";

/** A port that datagrams are sent to. */
export interface Datagrams extends Disposable {
  readonly port: number;
  /** What has come. */
  readonly received: readonly Uint8Array[];
}

/** Receives datagrams on a free port of loopback. */
export function receiveUdp(): Datagrams {
  const port = freePorts(1)[0]!;
  const socket = createSocket("udp4");
  const received: Uint8Array[] = [];
  socket.on("message", (bytes) => received.push(bytes));
  socket.bind(port, "127.0.0.1");
  return { port, received, [Symbol.dispose]: () => void socket.close() };
}
