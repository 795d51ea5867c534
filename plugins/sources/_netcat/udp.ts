import { createSocket } from "node:dgram";
import { errorText } from "sluice/plugin";

/** Where a datagram came from. */
export interface UdpSender {
  readonly hostname: string;
  readonly port: number;
}

/** What an open socket needs. */
export interface UdpOptions {
  readonly hostname: string;
  readonly port: number;
  /** Gets each datagram; its bytes are overwritten after that. */
  onDatagram(bytes: Uint8Array, sender: UdpSender): void;
}

/** A socket that receives until it is closed. */
export interface UdpSocket {
  readonly port: number;
  /** Resolves once the socket is closed; rejects when it broke. */
  readonly closed: Promise<void>;
  close(): void;
}

const MAX_DATAGRAM_BYTES = 65_536;

/**
 * Opens a UDP socket: Deno's own where `--unstable-net` gives it, else Node's, which loses more under load.
 * @throws {Error} when the port is taken.
 */
export async function openUdp(options: UdpOptions): Promise<UdpSocket> {
  const { hostname, port } = options;
  try {
    return typeof Deno.listenDatagram === "function" ? openDeno(options) : await openNode(options);
  } catch (cause) {
    const isTaken = cause instanceof Deno.errors.AddrInUse ||
      (cause as { code?: string }).code === "EADDRINUSE";
    const fix = isTaken ? "another program has the port; stop it or choose another port" : errorText(cause);
    throw new Error(`Cannot listen on UDP ${hostname}:${port}: ${fix}`, { cause });
  }
}

function openDeno({ hostname, port, onDatagram }: UdpOptions): UdpSocket {
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port });
  const buffer = new Uint8Array(MAX_DATAGRAM_BYTES);
  let isClosed = false;
  const receive = async () => {
    while (!isClosed) {
      try {
        const [bytes, sender] = await socket.receive(buffer);
        onDatagram(bytes, sender as Deno.NetAddr);
      } catch (cause) {
        if (!isClosed) throw cause;
      }
    }
  };
  const close = () => {
    isClosed = true;
    socket.close();
  };
  return { port: (socket.addr as Deno.NetAddr).port, closed: receive(), close };
}

async function openNode({ hostname, port, onDatagram }: UdpOptions): Promise<UdpSocket> {
  const socket = createSocket(hostname.includes(":") ? "udp6" : "udp4");
  const { promise: closed, resolve, reject } = Promise.withResolvers<void>();
  socket.on("close", resolve);
  socket.on("message", (bytes, sender) => onDatagram(bytes, { hostname: sender.address, port: sender.port }));
  await new Promise<void>((listening, failed) => {
    socket.once("error", failed);
    socket.bind(port, hostname, listening);
  });
  socket.on("error", reject);
  return { port: socket.address().port, closed, close: () => socket.close() };
}
