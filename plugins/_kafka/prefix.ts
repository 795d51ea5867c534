import type { Fields } from "sluice/plugin";

/** Puts a text in front of every key: `acks` → `kafka.producer.acks`. */
export function prefixed<const P extends string, const F extends Fields>(
  prefix: P,
  fields: F,
): { readonly [K in keyof F & string as `${P}${K}`]: F[K] } {
  const entries = Object.entries(fields).map(([key, field]) => [prefix + key, field] as const);
  return Object.fromEntries(entries) as { readonly [K in keyof F & string as `${P}${K}`]: F[K] };
}

/** The settings whose keys begin with a text, without it. */
export type Below<T, P extends string> = {
  readonly [K in keyof T & string as K extends `${P}${infer Rest}` ? Rest : never]: T[K];
};

/** Gives the settings whose keys begin with a text, without it: `kafka.producer.acks` → `acks`. */
export function below<T extends object, const P extends string>(settings: T, prefix: P): Below<T, P> {
  const own = Object.entries(settings).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])) as Below<T, P>;
}
