/** Settings of a component, or of a group of sinks. */
export type Settings = Readonly<Record<string, string | number>>;

/** Components by their place: `sources.r1`, `channels.c1`, `sinks.k1`, `sinkgroups.g1`. */
export type Components = Readonly<Record<string, Settings>>;

/** The text of a Flume file with one agent, "a1". */
export function confText(components: Components): string {
  const names = Map.groupBy(Object.keys(components).map((place) => place.split(".")), ([kind]) => kind!);
  const lists = Array.from(
    names,
    ([kind, places]) => `a1.${kind} = ${places.map(([, name]) => name).join(" ")}`,
  );
  const settings = Object.entries(components).flatMap(([place, settings]) =>
    Object.entries(settings).map(([key, value]) => `a1.${place}.${key} = ${value}`)
  );
  return [...lists, ...settings, ""].join("\n");
}
