import { z } from "zod";
import type { CodecChoice } from "./codec.ts";
import { errorText } from "./errors.ts";
import { Pattern } from "./pattern.ts";

export { z };

/** What a field tells beside its type; read by check, reference pages, permissions and diagnostics. */
export interface FieldMeta {
  /** Unit of a plain number: `ms`, `s`, `bytes`, `events`. */
  readonly unit?: string;
  /** Other spellings of the key, accepted everywhere. */
  readonly alias?: readonly string[];
  /** Printed as `***` everywhere. */
  readonly secret?: boolean;
  /** Word for the type in reference pages. */
  readonly type?: string;
  /** The field is a path that the component reads, writes or both; feeds `sluice permissions`. */
  readonly access?: "read" | "write" | "read-write";
  /**
   * The field is a host or port that the component listens on, connects to, or sends datagrams to; feeds
   * `sluice permissions`.
   */
  readonly net?: "listen-port" | "listen-host" | "connect" | "datagram";
  /** The field is a command line; feeds `sluice permissions`. */
  readonly run?: boolean;
  /** A map whose keys the user names: `filegroups: f1 f2` with `filegroups.f1: …`, or one YAML map. */
  readonly named?: boolean;
  /** The field names a codec and carries its settings below it. */
  readonly codec?: "encoder" | "decoder";
  /** Accepted so that Flume's files run, but without effect here: why. */
  readonly ignored?: string;
  /** An old Flume property: what to write instead. */
  readonly instead?: string;
  /** The codec that stands there when nothing is written. */
  readonly fallback?: string;
  /** The codec that stands there when a file of Flume writes nothing, where that is another one. */
  readonly flumeFallback?: string;
}

/** Attaches field metadata; the same as Zod's own `.meta()`, typed. */
export function meta<T extends z.ZodType>(field: T, about: FieldMeta): T {
  return field.meta({ ...field.meta(), ...about }) as T;
}

/** Reads field metadata, also through `.default()` and `.optional()`. */
export function metaOf(field: z.ZodType): FieldMeta & { description?: string } {
  const own = (field.meta() ?? {}) as FieldMeta & { description?: string };
  const inner = (field.def as { innerType?: z.ZodType }).innerType;
  return inner ? { ...metaOf(inner), ...own } : own;
}

/** The fields of a plugin: key → Zod type. Keys may be dotted as Flume's are. */
export type Fields = Readonly<Record<string, z.ZodType>>;
/** What `create` receives: the checked fields with defaults applied. */
export type Config<F extends Fields> = { readonly [K in keyof F]: z.output<F[K]> };

const SCALAR = z.union([z.string(), z.number(), z.boolean()], { error: "Expected one plain value" });

function parsed<T>(
  expected: string,
  about: FieldMeta,
  parse: (value: string | number | boolean) => T | undefined,
) {
  const field = SCALAR.transform((value, context): T => {
    const result = parse(value);
    if (result !== undefined) return result;
    context.addIssue({ code: "custom", message: `Expected ${expected}`, input: value });
    return z.NEVER;
  });
  return meta(field, { type: expected, ...about });
}

/** Text; numbers and booleans are taken as they are written. */
export function text(about: FieldMeta = {}) {
  return parsed("text", { type: "text", ...about }, String);
}

/** Text that is shown as `***`. */
export function secret(about: FieldMeta = {}) {
  return parsed("text", { type: "secret", secret: true, ...about }, String);
}

/** `true` or `false`, also as text. */
export function bool(about: FieldMeta = {}) {
  const words = new Map<string, boolean>([["true", true], ["false", false]]);
  return parsed(
    "true or false",
    { type: "boolean", ...about },
    (value) => words.get(String(value).toLowerCase()),
  );
}

/** A whole number within limits, also as text. */
export function int(limits: { min?: number; max?: number } = {}, about: FieldMeta = {}) {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = limits;
  const range = limits.min === undefined && limits.max === undefined
    ? ""
    : limits.max === undefined
    ? ` of at least ${min}`
    : ` from ${min} to ${max}`;
  return parsed(`a whole number${range}`, { type: "integer", ...about }, (value) => {
    const number = /^\s*-?\d+\s*$/.test(String(value)) ? Number(value) : NaN;
    // Long.MAX_VALUE and its like mean "no limit" in Flume's files.
    const bounded = Math.abs(number) > Number.MAX_SAFE_INTEGER
      ? Math.sign(number) * Number.MAX_SAFE_INTEGER
      : number;
    return bounded >= min && bounded <= max ? bounded : undefined;
  });
}

/** One of some words; case is ignored. */
export function choice<const W extends string>(words: readonly W[], about: FieldMeta = {}) {
  return parsed(
    `one of ${words.join(", ")}`,
    { type: words.join(" \\| "), ...about },
    (value): W | undefined => words.find((word) => word.toLowerCase() === String(value).toLowerCase()),
  );
}

const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A length of time such as `500ms`, `10s`, `5m`, `1h`; a plain number is in `unit`. Gives a number in `unit`. */
export function duration(unit: "ms" | "s", about: FieldMeta = {}) {
  return parsed(
    `a duration such as 10s (a plain number is in ${unit})`,
    { type: "duration", unit, ...about },
    (value) => {
      const [, number, suffix] = /^\s*(-?\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(value)) ?? [];
      const factor = DURATION_MS[suffix === "" ? unit : suffix?.toLowerCase() ?? "?"];
      return factor === undefined ? undefined : Number(number) * factor / DURATION_MS[unit]!;
    },
  );
}

const SIZE_BYTES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

/** An amount of bytes such as `64KiB`, `1MiB`, `10MB`; a plain number is in bytes. */
export function bytes(about: FieldMeta = {}) {
  return parsed("a size such as 64KiB", { type: "size", unit: "bytes", ...about }, (value) => {
    const [, number, suffix] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(value)) ?? [];
    const factor = SIZE_BYTES[suffix?.toLowerCase() ?? "?"];
    return factor === undefined ? undefined : Math.floor(Number(number) * factor);
  });
}

/** A port to listen on or connect to; 0 picks a free one. */
export function port(about: FieldMeta = { net: "listen-port" }) {
  return int({ min: 0, max: 65535 }, { type: "port", ...about });
}

/** A host name or address. */
export function host(about: FieldMeta = { net: "listen-host" }) {
  return parsed("a host name", { type: "host", ...about }, (value) => {
    return /^[\w.:%\-\[\]*]+$/.test(String(value)) ? String(value) : undefined;
  });
}

/** A path of a file or folder; relative ones start at the working folder, `~/` at the home folder. */
export function path(about: FieldMeta & { access: "read" | "write" | "read-write" }) {
  return parsed(
    "a path",
    { type: "path", ...about },
    (value) => String(value) === "" ? undefined : String(value),
  );
}

/** A URL of one of some schemes. */
export function url(schemes: readonly string[], about: FieldMeta = { net: "connect" }) {
  return parsed(`a URL (${schemes.join(", ")})`, { type: "URL", ...about }, (value) => {
    const parsedUrl = URL.parse(String(value));
    return parsedUrl && schemes.includes(parsedUrl.protocol.slice(0, -1)) ? parsedUrl.href : undefined;
  });
}

/** A regular expression in the syntax that Java and JavaScript share; Java's own spellings are translated. */
export function regex(about: FieldMeta = {}) {
  const field = SCALAR.transform((value, context): Pattern => {
    try {
      return new Pattern(String(value));
    } catch (cause) {
      context.addIssue({
        code: "custom",
        message: `Expected a regular expression: ${errorText(cause)}`,
        input: value,
      });
      return z.NEVER;
    }
  });
  return meta(field, { type: "regex", ...about });
}

/** Words in one text (Flume's manner) or a YAML list. */
export function list(about: FieldMeta & { separator?: RegExp } = {}) {
  const { separator = /[\s,]+/, ...rest } = about;
  const field = z.union([z.array(SCALAR), SCALAR], { error: "Expected a list" }).transform((
    value,
  ): readonly string[] =>
    Array.isArray(value) ? value.map(String) : String(value).split(separator).filter((word) => word !== "")
  );
  return meta(field, { type: "list", ...rest });
}

/** A map whose keys the user names; `named` maps may also list their keys first, as Flume's files do. */
export function map<T extends z.ZodType>(value: T, about: FieldMeta = {}) {
  return meta(z.record(z.string(), value), { type: "map", ...about });
}

/** A codec by name, with its settings below it. */
export function codec(direction: "encoder" | "decoder", about: FieldMeta = {}) {
  return meta(z.custom<CodecChoice>(), { type: "codec", codec: direction, ...about });
}
