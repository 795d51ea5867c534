const NAMES_SHOWN = 10;
const NAME_CHARS = 60;

/** Names for a complaint, with commas. What is no pipeline file at all can have thousands of them, each long. */
export function nameList(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map(shortName).join(", ");
  return names.length > NAMES_SHOWN ? `${shown} and ${names.length - NAMES_SHOWN} more` : shown;
}

/** A name that is not longer than one would write. */
export function shortName(name: string): string {
  const characters = Array.from(name.slice(0, 2 * NAME_CHARS + 1));
  return characters.length > NAME_CHARS ? `${characters.slice(0, NAME_CHARS).join("")}…` : name;
}
