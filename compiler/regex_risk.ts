import {
  type Alternative,
  alternativesOf,
  type Element,
  type Quantifier,
  visitElements,
} from "./regex_ast.ts";

/** Why a regular expression may take exponential time. */
export interface RegexRisk {
  /** The part that makes it slow, as it was written. */
  readonly part: string;
  readonly reason: string;
  /** How the time grows with the length of the text. */
  readonly growth: "exponential" | "polynomial";
  /** V8's linear engine can take the expression over; not so with backreferences and lookaheads. */
  readonly hasLinearWay: boolean;
}

type Characters = ReadonlySet<number>;

const SAMPLE: readonly number[] = [...Array(0x180).keys(), 0x3b1, 0x2028, 0x4e2d];
const MANY_ROUNDS = 10;
const MANY_LOOPS = 4;
const EVERYTHING: Characters = new Set(SAMPLE);

/** Looks for loops in loops and for many loops side by side that can share the same characters. */
export function riskOf(source: string): RegexRisk | undefined {
  const alternatives = alternativesOf(source);
  if (!alternatives) return undefined;
  let hasLinearWay = true;
  let found: Omit<RegexRisk, "hasLinearWay"> | undefined;
  visitElements(alternatives, (element) => {
    if (element.type === "Backreference") hasLinearWay = false;
    if (element.type === "Assertion" && element.kind === "lookahead") hasLinearWay = false;
    if (element.type !== "Quantifier" || found || element.max < MANY_ROUNDS) return;
    const reason = nestedRisk(element);
    if (reason) found = { part: element.raw, reason, growth: "exponential" };
  });
  found ??= neighbourRisk(alternatives);
  return found && { ...found, hasLinearWay };
}

/** A loop whose body can be cut into rounds in more than one way. */
function nestedRisk(loop: Quantifier): string | undefined {
  const { element } = loop;
  if (element.type !== "Group" && element.type !== "CapturingGroup") return undefined;
  const { alternatives } = element;
  for (const { elements } of alternatives) {
    const parts = elements.filter(({ type }) => type !== "Assertion");
    if (parts.some(({ type }) => type === "Backreference")) return "a backreference in a loop";
    if (isAmbiguousBody(parts)) return "a loop inside a loop";
  }
  const starts = alternatives.map(({ elements }) => startOf(elements));
  const overlapping = starts.some((one, index) =>
    starts.slice(index + 1).some((other) => overlap(one, other))
  );
  return overlapping && alternatives.some((one, index) => sharesWhole(one, alternatives.slice(index + 1)))
    ? "alternatives in a loop that can match the same text"
    : undefined;
}

/** `(a+)+`, `(a*b*)+`, `(xa*)+` where x is in a: one round's end can be the next round's start. */
function isAmbiguousBody(parts: readonly Element[]): boolean {
  return parts.some((part, index) => {
    const inner = innerLoop(part);
    if (!inner) return false;
    const around = [...parts.slice(index + 1), ...parts.slice(0, index)];
    const fixed = around.filter((other) => minLength(other) > 0);
    if (fixed.length === 0) return true;
    // A piece that always stands between two rounds and that the loop cannot eat keeps the rounds apart.
    return fixed.every((other) => overlap(charactersOf(inner.element), charactersOf(other)));
  });
}

function innerLoop(part: Element): Quantifier | undefined {
  if (part.type === "Quantifier" && part.max === Infinity) return part;
  if (part.type === "Quantifier") return innerLoop(part.element);
  if (part.type !== "Group" && part.type !== "CapturingGroup") return undefined;
  const only = part.alternatives.length === 1 ? part.alternatives[0]!.elements : [];
  return only.length === 1 ? innerLoop(only[0]!) : undefined;
}

/** Three and more endless loops over the same characters side by side: the time grows with a high power. */
function neighbourRisk(alternatives: readonly Alternative[]): Omit<RegexRisk, "hasLinearWay"> | undefined {
  let found: Omit<RegexRisk, "hasLinearWay"> | undefined;
  for (const { elements } of alternatives) {
    let chain: Quantifier[] = [];
    for (const element of elements) {
      const loop = innerLoop(element);
      const isShared = chain.every((other) =>
        loop && overlap(charactersOf(other.element), charactersOf(loop.element))
      );
      if (loop) chain = isShared ? [...chain, loop] : [loop];
      else if (!chain.every((other) => overlap(charactersOf(other.element), charactersOf(element)))) {
        chain = [];
      }
      if (chain.length >= MANY_LOOPS) {
        const part = chain.map(({ raw }) => raw).join("");
        found = { part, reason: "many loops in a row over the same characters", growth: "polynomial" };
      }
    }
  }
  return found;
}

/** Two alternatives of one character each, or two with the same text, match the same. */
function sharesWhole(one: Alternative, others: readonly Alternative[]): boolean {
  return others.some((other) =>
    one.raw === other.raw ||
    (one.elements.length === 1 && other.elements.length === 1 &&
      overlap(charactersOf(one.elements[0]!), charactersOf(other.elements[0]!))) ||
    [one, other].some(({ elements }) => elements.some((element) => innerLoop(element) !== undefined))
  );
}

function startOf(elements: readonly Element[]): Characters {
  const start = new Set<number>();
  for (const element of elements) {
    if (element.type === "Assertion") continue;
    for (const character of charactersOf(element)) start.add(character);
    if (minLength(element) > 0) break;
  }
  return start;
}

/** All characters that stand anywhere in a match of the element, from a sample of all there are. */
function charactersOf(element: Element): Characters {
  switch (element.type) {
    case "Character":
      return new Set([element.value]);
    case "CharacterSet":
    case "CharacterClass":
      return classOf(element.raw);
    case "Quantifier":
      return charactersOf(element.element);
    case "Group":
    case "CapturingGroup":
      return new Set(
        element.alternatives.flatMap(({ elements }) => elements.flatMap((one) => [...charactersOf(one)])),
      );
    case "Assertion":
      return new Set();
    default:
      return EVERYTHING;
  }
}

const CLASSES = new Map<string, Characters>();

function classOf(raw: string): Characters {
  const known = CLASSES.get(raw);
  if (known) return known;
  const regexp = new RegExp(`^${raw}$`);
  const characters = new Set(SAMPLE.filter((code) => regexp.test(String.fromCharCode(code))));
  CLASSES.set(raw, characters);
  return characters;
}

function minLength(element: Element): number {
  if (element.type === "Assertion") return 0;
  if (element.type === "Quantifier") return element.min === 0 ? 0 : minLength(element.element);
  if (element.type !== "Group" && element.type !== "CapturingGroup") return 1;
  return Math.min(
    ...element.alternatives.map(({ elements }) => elements.reduce((sum, one) => sum + minLength(one), 0)),
  );
}

function overlap(one: Characters, other: Characters): boolean {
  for (const character of one) if (other.has(character)) return true;
  return false;
}
