import { parseRegExpLiteral } from "regexpp";

// The package declares its types for its own name only, which an import map hides; these are the parts in use.

/** A loop: `a*`, `a+`, `a{2,5}`, `a?`. */
export interface Quantifier {
  readonly type: "Quantifier";
  readonly raw: string;
  readonly min: number;
  readonly max: number;
  readonly element: Element;
}

/** One of the ways that stand between `|`. */
export interface Alternative {
  readonly raw: string;
  readonly elements: readonly Element[];
}

/** Whatever may stand in an alternative. */
export type Element =
  | Quantifier
  | {
    readonly type: "Group" | "CapturingGroup";
    readonly raw: string;
    readonly alternatives: readonly Alternative[];
  }
  | {
    readonly type: "Assertion";
    readonly raw: string;
    readonly kind: string;
    readonly alternatives?: readonly Alternative[];
  }
  | { readonly type: "Character"; readonly raw: string; readonly value: number }
  | {
    readonly type: "CharacterSet" | "CharacterClass" | "ExpressionCharacterClass" | "Backreference";
    readonly raw: string;
  };

/** Parses a regular expression; nothing when it does not compile. */
export function alternativesOf(source: string): readonly Alternative[] | undefined {
  try {
    const tree = parseRegExpLiteral(new RegExp(source)) as {
      pattern: { alternatives: readonly Alternative[] };
    };
    return tree.pattern.alternatives;
  } catch {
    return undefined;
  }
}

/** Calls `visit` for an element and all elements inside it, outermost first. */
export function visitElements(alternatives: readonly Alternative[], visit: (element: Element) => void): void {
  for (const { elements } of alternatives) for (const element of elements) visitElement(element, visit);
}

function visitElement(element: Element, visit: (element: Element) => void): void {
  visit(element);
  if (element.type === "Quantifier") visitElement(element.element, visit);
  else if ("alternatives" in element && element.alternatives) visitElements(element.alternatives, visit);
}
