import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { errorText } from "sluice/plugin";

/** Who gets the packets. */
export interface UdpTarget {
  readonly host: string;
  readonly port: number;
}

interface Address {
  readonly address: string;
  readonly family: number;
  readonly port: number;
}

/** What goes through a network without being cut into pieces. */
const MAX_PACKET_BYTES = 1400;

/** Sends packets to several targets. */
export class UdpSender {
  readonly #targets: readonly UdpTarget[];
  readonly #sockets = new Map<number, Socket>();

  constructor(targets: readonly UdpTarget[]) {
    this.#targets = targets;
  }

  /**
   * Sends each packet to each target; names are looked up anew, because they may have moved.
   * @throws {AggregateError} when something could not be sent; the rest was.
   */
  async send(packets: Iterable<Uint8Array>): Promise<void> {
    const faults = new Map<string, unknown>();
    const addresses: Address[] = [];
    for (const target of this.#targets) {
      await this.#find(target).then((found) => addresses.push(found), (cause) => note(faults, cause));
    }
    for (const packet of packets) {
      for (const address of addresses) {
        await this.#sendTo(address, packet).catch((cause) => note(faults, cause));
      }
    }
    if (faults.size > 0) throw new AggregateError(faults.values(), [...faults.keys()].join("; "));
  }

  async close(): Promise<void> {
    const closing = Array.from(
      this.#sockets.values(),
      (socket) => new Promise<void>((resolve) => void socket.close(() => resolve())),
    );
    this.#sockets.clear();
    await Promise.all(closing);
  }

  async #find({ host, port }: UdpTarget): Promise<Address> {
    try {
      // As in Java: gmond seldom listens on IPv6, and nothing would tell.
      const [first] = (await lookup(host, { all: true })).sort((one, other) => one.family - other.family);
      return { ...first!, port };
    } catch (cause) {
      throw new Error(`Cannot find the address of "${host}"`, { cause });
    }
  }

  async #sendTo({ address, family, port }: Address, packet: Uint8Array): Promise<void> {
    if (packet.length > MAX_PACKET_BYTES) {
      throw new RangeError(`A packet of ${packet.length} bytes is longer than ${MAX_PACKET_BYTES}`);
    }
    await new Promise<void>((resolve, reject) =>
      this.#socketOf(family).send(packet, port, address, (cause) => {
        if (!cause) return resolve();
        reject(new Error(`Cannot send to ${address}:${port}`, { cause }));
      })
    );
  }

  #socketOf(family: number): Socket {
    const known = this.#sockets.get(family);
    if (known) return known;
    const socket = createSocket(family === 6 ? "udp6" : "udp4");
    // What goes wrong is told to whoever sends.
    socket.on("error", () => {});
    this.#sockets.set(family, socket);
    return socket;
  }
}

function note(faults: Map<string, unknown>, cause: unknown): void {
  faults.set(errorText(cause), cause);
}
