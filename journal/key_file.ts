import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { JournalError } from "./fault.ts";

/** A key for the payloads of a journal. */
export interface SealKey {
  readonly name: string;
  /** CRC-32 of the name, never 0: what frames name it by. */
  readonly id: number;
  readonly bytes: Uint8Array;
}

const KEY_BYTES = 32;
const HOW_TO_MAKE = 'write "name key", the key made by: openssl rand -base64 32';

/**
 * Reads the keys of a key file: `name key` a line, the key being 32 bytes in base64 or hexadecimal digits; `#` begins
 * a comment line. The first key is for new frames unless the configuration names another.
 * @throws {JournalError} with the line, and never with what may be a key.
 */
export function parseKeyFile(text: string, path: string): SealKey[] {
  const keys: SealKey[] = [];
  const fault = (line: number, what: string, fix = HOW_TO_MAKE) =>
    new JournalError(`Cannot use the key file "${path}", line ${line}: ${what}`, { path, fix });
  text.replace(/^\uFEFF/, "").split(/\r?\n/).forEach((written, index) => {
    const line = index + 1;
    const words = written.trim().split(/\s+/);
    if (words[0] === "" || words[0]!.startsWith("#")) return;
    if (words.length !== 2) {
      throw fault(line, `it has ${words.length} word${words.length === 1 ? "" : "s"}, not a name and a key`);
    }
    const key = readKey(words[0]!, words[1]!, (what) => fault(line, what));
    const other = keys.find(({ id }) => id === key.id);
    if (other) {
      const what = other.name === key.name ? "stands there twice" : `has the same id as key "${other.name}"`;
      throw fault(
        line,
        `key "${key.name}" ${what}`,
        "give one of them another name, if no frame was written with it",
      );
    }
    keys.push(key);
  });
  if (keys.length > 0) return keys;
  throw new JournalError(`The key file "${path}" holds no key`, { path, fix: HOW_TO_MAKE });
}

function readKey(name: string, written: string, fault: (what: string) => JournalError): SealKey {
  const id = crc32(name);
  if (id === 0) throw fault(`a key cannot be named "${name}", its id would be 0`);
  const bytes = decodeKey(written);
  if (bytes === undefined) throw fault(`key "${name}" is neither base64 nor hexadecimal digits`);
  if (bytes.length === KEY_BYTES) return { name, id, bytes };
  throw fault(`key "${name}" has ${bytes.length} bytes, not ${KEY_BYTES}`);
}

/** What has an even number of hexadecimal digits is taken as such: 64 of them as base64 would be of no use. */
function decodeKey(written: string): Uint8Array | undefined {
  if (/^([0-9a-fA-F]{2})+$/.test(written)) return new Uint8Array(Buffer.from(written, "hex"));
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(written)) return undefined;
  return new Uint8Array(Buffer.from(written, "base64"));
}
