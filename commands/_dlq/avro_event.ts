// A datum of Flume's event schema:
//   headers  blocks of: count · (length in bytes, when the count is negative) · count × (name, value); 0 ends them
//   body     length · bytes
// Numbers are zig-zag varints, texts have their length in front. The codec has checked all lengths already.

/** Reads one event from a whole datum. */
export function readAvroEvent(datum: Uint8Array): { headers: Record<string, string>; body: Uint8Array } {
  let at = 0;
  const long = () => {
    let [sum, scale] = [0, 1];
    for (let more = true; more; scale *= 128) {
      const byte = datum[at++]!;
      sum += (byte & 0x7F) * scale;
      more = byte > 0x7F;
    }
    return sum % 2 === 0 ? sum / 2 : -(sum + 1) / 2;
  };
  const bytes = () => {
    const length = long();
    at += length;
    return datum.subarray(at - length, at);
  };
  const text = () => UTF8.decode(bytes());
  const headers: [string, string][] = [];
  for (let count = long(); count !== 0; count = long()) {
    if (count < 0) long();
    for (let n = Math.abs(count); n > 0; n--) headers.push([text(), text()]);
  }
  return { headers: Object.fromEntries(headers), body: bytes() };
}

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });
