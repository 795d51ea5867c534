import { EMAIL_FINDER, IPV4_FINDER, IPV6_FINDER } from "./addresses.ts";
import { type Finder, finderOf } from "./spans.ts";

// Every repetition here is bounded, so that no text can make an expression run away.

/** The built-in classes, in the order in which they claim characters. */
export const MASK_CLASSES = ["email", "card", "id", "ip", "phone"] as const;

/** A kind of personal detail that `mask` recognises by itself. */
export type MaskClass = (typeof MASK_CLASSES)[number];

/** In one piece, in fours, or as four, six and five digits. */
const CARD = new RegExp(
  [
    "(?<![\\d.,])[2-6]\\d{12,18}(?!\\d)",
    "(?<![\\d.,])[2-6]\\d{3}([ -])\\d{4}\\1\\d{4}\\1\\d{1,4}(?:\\1\\d{1,3})?(?!\\d)",
    "(?<![\\d.,])3\\d{3}([ -])\\d{6}\\2\\d{5}(?!\\d)",
  ].join("|"),
  "g",
);

/** US social security numbers, Chinese resident identity cards, Spanish DNI and NIE. */
const ID = new RegExp(
  [
    "(?<![\\w-])(?!000|666|9\\d\\d)\\d{3}-(?!00)\\d\\d-(?!0000)\\d{4}(?![\\w-])",
    "(?<!\\w)[1-9]\\d{5}(?:18|19|20)\\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])\\d{3}[\\dXx](?!\\w)",
    "(?<!\\w)[\\dXYZ]\\d{7}-?[A-HJ-NP-TV-Z](?!\\w)",
  ].join("|"),
  "g",
);

const PHONE_END = "(?!\\w|[.:-]\\d)";
/** International with +, North American, Chinese mobile, and national numbers that start with 0 and have separators. */
const PHONE = new RegExp(
  `(?<![\\w+])\\+\\d(?:[ .()/-]{0,2}\\d){6,14}${PHONE_END}|` + [
    "(?:1[ .-])?\\([2-9]\\d\\d\\) ?\\d{3}[ .-]\\d{4}",
    "(?:1[ .-])?[2-9]\\d\\d([ .-])\\d{3}\\1\\d{4}",
    "(?:86[ -]?)?1[3-9]\\d([ -]?)\\d{4}\\2\\d{4}",
    "\\(?0[1-9]\\d{1,3}\\)?[ /-]\\d{3,8}(?:[ -]\\d{2,6})?",
  ].map((form) => `(?<![\\w.+-])${form}${PHONE_END}`).join("|"),
  "g",
);

const FINDERS: Readonly<Record<MaskClass, readonly Finder[]>> = {
  email: [EMAIL_FINDER],
  card: [finderOf("card", CARD, cardLength)],
  id: [finderOf("id", ID, (found) => isIdNumber(found) ? found.length : 0)],
  ip: [IPV6_FINDER, IPV4_FINDER],
  phone: [finderOf("phone", PHONE, (found) => hasPhoneDigits(found) ? found.length : 0)],
};

/** What finds a built-in class. */
export function classFinders(name: MaskClass): readonly Finder[] {
  return FINDERS[name];
}

/** The longest run of whole digit groups that passes Luhn's check: digits of something else may follow. */
function cardLength(found: string): number {
  for (let end = found.length; end >= 13; end--) {
    if (/\d/.test(found.charAt(end)) || !/\d/.test(found.charAt(end - 1))) continue;
    const digits = found.slice(0, end).replace(/\D/g, "");
    if (digits.length < 13) return 0;
    if (passesLuhn(digits)) return end;
  }
  return 0;
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

const RESIDENT_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

function isIdNumber(found: string): boolean {
  if (found.length === 18) {
    const sum = RESIDENT_WEIGHTS.reduce((total, weight, place) => total + weight * Number(found[place]), 0);
    return "10X98765432"[sum % 11] === found[17]!.toUpperCase();
  }
  if (/[A-Z]$/.test(found)) {
    const digits = found.replace(/-?[A-Z]$/, "").replace(/^[XYZ]/, (first) => String("XYZ".indexOf(first)));
    return "TRWAGMYFPDXBNJZSQVHLCKE"[Number(digits) % 23] === found.at(-1);
  }
  return true;
}

function hasPhoneDigits(found: string): boolean {
  const count = found.replace(/\D/g, "").length;
  return count >= 7 && count <= 15;
}
