import { Buffer, isAscii, isUtf8 } from "node:buffer";

/** How the bytes of a frame are read. Bodies stay as they came; it shows in host names, and in what is malformed. */
export class Charset {
  /** Whether bytes beyond ASCII are text in it. */
  readonly isValid: (bytes: Uint8Array) => boolean;
  readonly decode: (bytes: Uint8Array) => string;

  /**
   * @param label A name as Java or the WHATWG knows it.
   * @throws {RangeError} when it is unknown, or does not hold ASCII as it is.
   */
  constructor(label: string) {
    const name = label.toLowerCase();
    if (/^(utf-?8)$/.test(name)) {
      this.isValid = isUtf8;
      this.decode = (bytes) => bufferOf(bytes).toString();
    } else if (/^(us-)?ascii$/.test(name)) {
      this.isValid = isAscii;
      this.decode = (bytes) => bufferOf(bytes).toString("latin1");
    } else if (/^(iso-?8859-?1|latin-?1)$/.test(name)) {
      this.isValid = () => true;
      this.decode = (bytes) => bufferOf(bytes).toString("latin1");
    } else [this.isValid, this.decode] = decoding(label);
  }
}

function decoding(label: string): [(bytes: Uint8Array) => boolean, (bytes: Uint8Array) => string] {
  const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  if (/^utf-16/.test(decoder.encoding)) throw new RangeError(`In ${label} a newline is not one byte`);
  const isValid = (bytes: Uint8Array) => {
    try {
      return decoder.decode(bytes) !== undefined;
    } catch {
      return false;
    }
  };
  return [isValid, (bytes) => decoder.decode(bytes)];
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
