const FORMAT_31_METADATA = 128;
const FORMAT_31_TEXT = 133;
const FORMAT_30 = 0;
/** Ganglia's word for a value that may go up and down. */
const SLOPE_BOTH = 3;
/** gmond takes a metric for lost after this many seconds … */
const TMAX_SECONDS = 60;
/** … and never deletes it. */
const DMAX_SECONDS = 0;
const GROUP = "flume";
const UTF8 = new TextEncoder();

/** One value for Ganglia. */
export interface GangliaMetric {
  /** The machine that it tells of. */
  readonly host: string;
  /** `flume.SOURCE.in.EventReceivedCount`. */
  readonly name: string;
  readonly value: string;
}

/**
 * The two packets of Ganglia 3.1 and later for a metric: what it is, then its value. XDR (RFC 4506) as gmond's `gm_protocol.x`
 * has it; all numbers are big-endian, a string is its length, its bytes (UTF-8) and zeros up to a multiple of 4.
 *
 * ```text
 * u32 128     string host  string name  u32 0 (no spoofing)  string type  string name  string units
 * u32 slope 3  u32 tmax 60  u32 dmax 0  u32 1 (pairs)  string "GROUP"  string "flume"
 *
 * u32 133     string host  string name  u32 0 (no spoofing)  string "%s"  string value
 * ```
 */
export function encodeGanglia31({ host, name, value }: GangliaMetric): readonly Uint8Array[] {
  const about = [FORMAT_31_METADATA, host, name, 0, typeOf(value), name, ""];
  const limits = [SLOPE_BOTH, TMAX_SECONDS, DMAX_SECONDS];
  return [
    encodeXdr([...about, ...limits, 1, "GROUP", GROUP]),
    encodeXdr([FORMAT_31_TEXT, host, name, 0, "%s", value]),
  ];
}

/**
 * The packet of Ganglia before 3.1, which names the machine in front of the metric.
 *
 * ```text
 * u32 0       string type  string host.name  string value  string units
 * u32 slope 3  u32 tmax 60  u32 dmax 0
 * ```
 */
export function encodeGanglia30({ host, name, value }: GangliaMetric): readonly Uint8Array[] {
  const parts = [FORMAT_30, typeOf(value), `${host}.${name}`, value, ""];
  return [encodeXdr([...parts, SLOPE_BOTH, TMAX_SECONDS, DMAX_SECONDS])];
}

/** As Flume does it: whatever reads as a number is one. */
function typeOf(value: string): "float" | "string" {
  return value.trim() !== "" && !Number.isNaN(Number(value)) ? "float" : "string";
}

function encodeXdr(parts: readonly (number | string)[]): Uint8Array {
  const encoded = parts.map((part) => typeof part === "string" ? UTF8.encode(part) : part);
  const bytes = encoded.reduce<number>((sum, part) => sum + 4 + padded(part), 0);
  const packet = new Uint8Array(bytes);
  const view = new DataView(packet.buffer);
  let offset = 0;
  for (const part of encoded) {
    view.setUint32(offset, typeof part === "number" ? part : part.length);
    if (typeof part !== "number") packet.set(part, offset + 4);
    offset += 4 + padded(part);
  }
  return packet;
}

function padded(part: number | Uint8Array): number {
  return typeof part === "number" ? 0 : Math.ceil(part.length / 4) * 4;
}
