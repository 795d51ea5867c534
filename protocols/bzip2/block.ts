import type { BitWriter } from "./bit_writer.ts";
import { chooseTables, GROUP_SYMBOLS } from "./code_tables.ts";
import type { PrefixCode } from "./huffman.ts";
import { moveToFront } from "./move_to_front.ts";
import { sortRotations } from "./rotate.ts";

// A block of bzip2, in bits, not bytes:
//   48 0x314159265359 · 32 CRC of the bytes as they came · 1 zero · 24 origin
//   16 which sixteenths of the 256 letters occur, then 16 for each that does
//   3 tables · 15 selectors · each selector: its place in a list that moves to the front, as ones and a zero
//   each table: 5 length of the first code, then for each code "10" one longer, "11" one shorter, "0" this is it
//   the symbols, fifty of them by one table

/** Writes one block, which holds one letter at least. */
export function writeBlock(writer: BitWriter, block: Uint8Array, checksum: number): void {
  const { last, origin } = sortRotations(block);
  const encoded = moveToFront(last);
  const { tables, selectors } = chooseTables(encoded);
  writer.write(24, 0x314159);
  writer.write(24, 0x265359);
  writer.writeWord(checksum);
  writer.write(1, 0);
  writer.write(24, origin);
  writeUsedLetters(writer, encoded.isUsed);
  writer.write(3, tables.length);
  writer.write(15, selectors.length);
  writeSelectors(writer, selectors);
  for (const table of tables) writeTable(writer, table);
  for (let group = 0; group < selectors.length; group++) {
    const part = encoded.symbols.subarray(group * GROUP_SYMBOLS, (group + 1) * GROUP_SYMBOLS);
    writeSymbols(writer, tables[selectors[group]!]!, part);
  }
}

function writeUsedLetters(writer: BitWriter, isUsed: Uint8Array): void {
  const sixteenths = Array.from({ length: 16 }, (_, index) => isUsed.subarray(index * 16, index * 16 + 16));
  for (const letters of sixteenths) writer.write(1, letters.includes(1) ? 1 : 0);
  for (const letters of sixteenths) {
    if (letters.includes(1)) { for (const bit of letters) writer.write(1, bit); }
  }
}

function writeSelectors(writer: BitWriter, selectors: Uint8Array): void {
  const list = [0, 1, 2, 3, 4, 5];
  for (const selector of selectors) {
    const place = list.indexOf(selector);
    list.splice(place, 1);
    list.unshift(selector);
    writer.write(place + 1, 2 ** (place + 1) - 2);
  }
}

function writeTable(writer: BitWriter, { lengths }: PrefixCode): void {
  let current = lengths[0]!;
  writer.write(5, current);
  for (const length of lengths) {
    for (; current < length; current++) writer.write(2, 2);
    for (; current > length; current--) writer.write(2, 3);
    writer.write(1, 0);
  }
}

function writeSymbols(writer: BitWriter, { codes, lengths }: PrefixCode, symbols: Uint16Array): void {
  for (let index = 0; index < symbols.length; index++) {
    const symbol = symbols[index]!;
    writer.write(lengths[symbol]!, codes[symbol]!);
  }
}
