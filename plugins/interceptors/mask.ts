import {
  bool,
  choice,
  type Column,
  type Config,
  defineInterceptor,
  int,
  list,
  map,
  type Pattern,
  regex,
  secret,
  text,
} from "sluice/plugin";
import { rewriteBodies } from "./_bodies/rewrite.ts";
import { classFinders, MASK_CLASSES, type MaskClass } from "./_mask/classes.ts";
import { disguise, MASK_MODES } from "./_mask/disguise.ts";
import { type Finder, findSpans } from "./_mask/spans.ts";

const config = {
  classes: list().default(MASK_CLASSES).describe(
    "What to recognise: phone, email, card, id, ip. An empty list leaves only the own patterns.",
  ),
  patterns: map(regex()).default({}).describe("Own classes: a name and a pattern for each."),
  mode: choice(MASK_MODES).default("replace").describe(
    "replace: put a text there. partial: stars except for the end. hash: a keyed hash.",
  ),
  modes: map(choice(MASK_MODES)).default({}).describe("Another mode for some classes: class and mode."),
  text: text().default("[{class}]").describe("What `replace` puts there; {class} is the name of the class."),
  texts: map(text()).default({}).describe("Another text for some classes: class and text."),
  keepLast: int({ min: 0 }).default(4).describe("Letters and digits that `partial` leaves at the end."),
  key: secret().optional().describe("Key of `hash`; ${env:NAME} and ${file:path} keep it out of the file."),
  hashLength: int({ min: 8, max: 64 }).default(16).describe("Hexadecimal digits of the hash to write."),
  body: bool().default(true).describe("Look into bodies."),
  headers: list().default([]).describe("Look into these headers too."),
};

type Settings = Config<typeof config>;

export default defineInterceptor({
  name: "mask",
  summary: "Hides phone numbers, mail addresses, card and ID numbers, IP addresses and own patterns.",
  about:
    "Not in Flume. Cards are checked by Luhn's rule; `id` means US social security numbers, Chinese resident " +
    "identity numbers (checksum) and Spanish DNI and NIE (check letter); `ip` means IPv4 and IPv6. Phone numbers are recognised " +
    "when they are international with +, North American with separators, Chinese mobile numbers, or national ones " +
    "that start with 0 and have separators; a bare run of digits is too likely something else. Where two classes " +
    "claim the same characters, own patterns come before email, card, id, ip, phone. `hash` is HMAC-SHA-256. " +
    "Bodies are read as UTF-8; those in which nothing is found pass byte for byte.",
  config,
  check: complaints,
  examples: [{
    title: "Hide everything that is recognised",
    yaml: `source: { type: stdin }
interceptors: [{ type: mask }]
sink: { type: stdout }`,
  }, {
    title: "The end of a card, a hash of the address, and an own pattern",
    yaml: `source: { type: stdin }
interceptors:
  - type: mask
    classes: [card, ip]
    modes: { card: partial, ip: hash }
    key: \${MASK_KEY:-change-me}
    patterns: { order: "ORD-[0-9]{6}" }
sink: { type: stdout }`,
  }],
  create(settings) {
    const change = masker(settings);
    return {
      intercept(batch) {
        let masked = settings.body ? rewriteBodies(batch, { charset: "utf8", change }) : batch;
        for (const name of settings.headers) {
          const column = masked.headers.get(name);
          if (column !== undefined) masked = masked.withHeader(name, maskColumn(column, change));
        }
        return masked;
      },
    };
  },
});

function maskColumn(column: Column, change: (text: string) => string | undefined): Column {
  if (typeof column === "string") return change(column) ?? column;
  return column.map((value) => value === undefined ? undefined : change(value) ?? value);
}

/** The masked text; undefined when there is nothing to hide. */
function masker(settings: Settings): (text: string) => string | undefined {
  const builtIn = MASK_CLASSES.filter((name) => settings.classes.includes(name)).flatMap(classFinders);
  const finders = [...Object.entries(settings.patterns).map(patternFinder), ...builtIn];
  const { keepLast, hashLength, key = "" } = settings;
  const disguises = new Map(finders.map(({ kind }) => {
    const text = settings.texts[kind] ?? settings.text.replaceAll("{class}", kind);
    const mode = settings.modes[kind] ?? settings.mode;
    return [kind, disguise({ mode, text, keepLast, key, hashLength })];
  }));
  return (text) => {
    const spans = findSpans(text, finders);
    if (spans.length === 0) return undefined;
    let [masked, from] = ["", 0];
    for (const { start, end, kind } of spans) {
      masked += text.slice(from, start) + disguises.get(kind)!(text.slice(start, end));
      from = end;
    }
    return masked + text.slice(from);
  };
}

function patternFinder([kind, pattern]: [string, Pattern]): Finder {
  return {
    kind,
    find(text, add) {
      pattern.replaceAll(text, (match) => {
        add(match.index, match.index + match[0].length);
        return "";
      });
    },
  };
}

function complaints(settings: Settings) {
  const found: { key: string; text: string; fix: string }[] = [];
  const known = new Set<string>([...MASK_CLASSES, ...Object.keys(settings.patterns)]);
  for (
    const [key, names] of [["classes", settings.classes], ["modes", Object.keys(settings.modes)], [
      "texts",
      Object.keys(settings.texts),
    ]] as const
  ) {
    for (const name of names) {
      const isKnown = key === "classes" ? MASK_CLASSES.includes(name as MaskClass) : known.has(name);
      if (!isKnown) {
        found.push({
          key,
          text: `There is no class "${name}"`,
          fix: `known classes: ${MASK_CLASSES.join(", ")}`,
        });
      }
    }
  }
  const hashes = settings.mode === "hash" || Object.values(settings.modes).includes("hash");
  if (hashes && !settings.key) {
    found.push({
      key: "key",
      text: "Mode hash needs a key",
      fix: "set key, for instance to ${env:MASK_KEY}",
    });
  }
  return found;
}
