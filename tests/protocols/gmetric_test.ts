import assert from "node:assert/strict";
import { encodeGanglia30, encodeGanglia31 } from "../../protocols/gmetric.ts";

const RECORDED = new URL("../data/flume/ganglia/", import.meta.url);

/** Packets of a Flume agent, each behind its length. */
function packetsOf(name: string): Uint8Array[] {
  const bytes = Deno.readFileSync(new URL(name, RECORDED));
  const view = new DataView(bytes.buffer);
  const packets: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const length = view.getUint32(offset);
    packets.push(bytes.slice(offset + 4, offset + 4 + length));
    offset += 4 + length;
  }
  return packets;
}

/** The strings of an XDR packet that begin at an offset. */
function strings(packet: Uint8Array, offset: number, count: number): string[] {
  const view = new DataView(packet.buffer);
  return Array.from({ length: count }, () => {
    const bytes = view.getUint32(offset);
    const text = new TextDecoder().decode(packet.subarray(offset + 4, offset + 4 + bytes));
    offset += 4 + Math.ceil(bytes / 4) * 4;
    return text;
  });
}

Deno.test("packets of Ganglia 3.1 are byte for byte those of a Flume agent", () => {
  const packets = packetsOf("ganglia-3.1.bin");
  let compared = 0;
  for (const [index, packet] of packets.entries()) {
    const before = packets[index - 1];
    if (packet[3] !== 133 || before?.[3] !== 128) continue;
    const [host = "", name = ""] = strings(packet, 4, 2);
    const padded = 8 + Math.ceil(host.length / 4) * 4 + 4 + Math.ceil(name.length / 4) * 4;
    const [, value = ""] = strings(packet, padded + 4, 2);
    assert.deepEqual(encodeGanglia31({ host, name, value }), [before, packet], name);
    compared++;
  }
  assert.ok(compared >= 19, `${compared} metrics`);
});

Deno.test("packets of Ganglia 3.0 are byte for byte those of a Flume agent", () => {
  const packets = packetsOf("ganglia-3.0.bin");
  for (const packet of packets) {
    const [, whole = "", value = ""] = strings(packet, 4, 3);
    const host = whole.split(".", 1)[0]!;
    assert.deepEqual(encodeGanglia30({ host, name: whole.slice(host.length + 1), value }), [packet], whole);
  }
  assert.ok(packets.length >= 40, `${packets.length} packets`);
});

Deno.test("metric whose name has letters beyond ASCII is measured in bytes", () => {
  const [, packet] = encodeGanglia31({ host: "h", name: "flume.SOURCE.käse.StartTime", value: "1" });
  assert.deepEqual(strings(packet!, 4, 2), ["h", "flume.SOURCE.käse.StartTime"]);
  assert.equal(packet!.length % 4, 0);
});
