import avsc from "avsc";

// The schema language of Avro 1.11 (section "Schema Declaration") describes rows of Avro and Parquet files alike. avsc
// checks a schema; what stays is a plain tree, in which names are replaced by what they mean.

/** One field of a row. */
export interface RowField {
  readonly name: string;
  readonly node: RowNode;
  /** The field's default as a datum, where it has one. */
  readonly fallback: Uint8Array | undefined;
}

/** What a value of a row may be. */
export type RowNode =
  | { readonly kind: "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string" }
  | { readonly kind: "uuid" | "date" }
  | { readonly kind: "fixed"; readonly bytes: number }
  | { readonly kind: "enum"; readonly symbols: readonly string[] }
  /** `bytes`: its length where that is fixed. */
  | {
    readonly kind: "decimal";
    readonly precision: number;
    readonly scale: number;
    readonly bytes: number | undefined;
  }
  /** Of a day in UTC, of a day wherever the reader is, or of no day at all. */
  | { readonly kind: "timestamp" | "local_timestamp" | "time"; readonly unit: "millis" | "micros" }
  | { readonly kind: "list" | "map"; readonly of: RowNode }
  | { readonly kind: "struct"; readonly fields: readonly RowField[] }
  | { readonly kind: "union"; readonly branches: readonly RowNode[] };

/** The schema of a row, which is a struct. */
export interface RowSchema {
  /** As JSON, for the head of an Avro file. */
  readonly text: string;
  readonly fields: readonly RowField[];
}

type LogicalAttributes = {
  readonly logicalType: string;
  readonly precision?: unknown;
  readonly scale?: unknown;
};

const MAX_NODES = 10_000;
const LOGICAL_NAMES = [
  "decimal",
  "uuid",
  "date",
  "time-millis",
  "time-micros",
  "timestamp-millis",
  "timestamp-micros",
  "local-timestamp-millis",
  "local-timestamp-micros",
];

/** Keeps what the schema says of a logical type; avsc itself would forget it. */
class KnownLogicalType extends avsc.types.LogicalType {
  readonly attributes: LogicalAttributes;

  constructor(schema: avsc.Schema, options?: unknown) {
    super(schema, options);
    this.attributes = schema as unknown as LogicalAttributes;
  }

  protected override _fromValue(value: unknown): unknown {
    return value;
  }

  protected override _toValue(value: unknown): unknown {
    return value;
  }

  protected override _resolve(): undefined {}
}

const LOGICAL_TYPES = Object.fromEntries(LOGICAL_NAMES.map((name) => [name, KnownLogicalType]));

/**
 * Reads a schema: its JSON, or what JSON gives.
 * @throws {SyntaxError} with the reason and the path of the field, when it is none, is none of a row, or holds itself.
 */
export function parseRowSchema(schema: unknown): RowSchema {
  const { text, type } = checkSchema(schema);
  const root = new TreeMaker().node(type, "");
  if (root.kind !== "struct") throw new SyntaxError(`A row is of type "record", not "${type.typeName}"`);
  if (root.fields.length === 0) throw new SyntaxError("A row has no fields");
  return { text, fields: root.fields };
}

function checkSchema(schema: unknown): { text: string; type: avsc.Type } {
  try {
    const plain = typeof schema === "string" ? JSON.parse(schema) : schema;
    const type = avsc.Type.forSchema(plain, { wrapUnions: true, logicalTypes: LOGICAL_TYPES });
    return { text: JSON.stringify(plain), type };
  } catch (cause) {
    throw new SyntaxError("Not an Avro schema", { cause });
  }
}

class TreeMaker {
  readonly #open = new Set<avsc.Type>();
  #nodes = 0;

  node(type: avsc.Type, path: string): RowNode {
    if (++this.#nodes > MAX_NODES) throw new SyntaxError(`The schema has more than ${MAX_NODES} parts`);
    const { types } = avsc;
    if (type instanceof KnownLogicalType) return this.#logical(type, path);
    if (type instanceof types.RecordType) return this.#struct(type, path);
    if (type instanceof types.ArrayType) return { kind: "list", of: this.node(type.itemsType, `${path}[]`) };
    if (type instanceof types.MapType) return { kind: "map", of: this.node(type.valuesType, `${path}{}`) };
    if (type instanceof types.FixedType) return { kind: "fixed", bytes: type.size };
    if (type instanceof types.EnumType) return { kind: "enum", symbols: type.symbols };
    if (type instanceof types.WrappedUnionType) {
      return { kind: "union", branches: type.types.map((branch) => this.node(branch, path)) };
    }
    return { kind: type.typeName as "null" };
  }

  #struct(type: avsc.types.RecordType, path: string): RowNode {
    if (this.#open.has(type)) {
      throw new SyntaxError(`Field "${path}" is of a type that holds itself: rows have an end`);
    }
    this.#open.add(type);
    const fields = type.fields.map((field) => ({
      name: field.name,
      node: this.node(field.type, path === "" ? field.name : `${path}.${field.name}`),
      fallback: fallbackOf(field),
    }));
    this.#open.delete(type);
    return { kind: "struct", fields };
  }

  #logical({ attributes, underlyingType }: KnownLogicalType, path: string): RowNode {
    const plain = this.node(underlyingType, path);
    const [, isLocal, base, unit] = /^(local-)?(\w+)(?:-(millis|micros))?$/.exec(attributes.logicalType)!;
    if (base === "decimal") return decimalNode(plain, attributes, path);
    const wanted = base === "uuid"
      ? "string"
      : base === "date" || attributes.logicalType === "time-millis"
      ? "int"
      : "long";
    if (plain.kind !== wanted) {
      throw new SyntaxError(
        `Field "${path}": ${attributes.logicalType} is a "${wanted}", not "${plain.kind}"`,
      );
    }
    if (base === "uuid" || base === "date") return { kind: base };
    const kind = isLocal ? "local_timestamp" : base as "timestamp" | "time";
    return { kind, unit: unit as "millis" };
  }
}

function decimalNode(plain: RowNode, { precision, scale = 0 }: LogicalAttributes, path: string): RowNode {
  if (plain.kind !== "bytes" && plain.kind !== "fixed") {
    throw new SyntaxError(`Field "${path}": decimal is "bytes" or "fixed", not "${plain.kind}"`);
  }
  const bytes = plain.kind === "fixed" ? plain.bytes : undefined;
  const most = bytes === undefined ? 38 : Math.floor(Math.log10(2) * (bytes * 8 - 1));
  if (!isWhole(precision, 1, most) || !isWhole(scale, 0, precision)) {
    throw new SyntaxError(
      `Field "${path}": decimal has a precision from 1 to ${most} and a scale up to that, not ${precision} and ${scale}`,
    );
  }
  return { kind: "decimal", precision, scale, bytes };
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && value as number >= least && value as number <= most;
}

function fallbackOf(field: avsc.types.Field): Uint8Array | undefined {
  const value = field.defaultValue();
  return value === undefined ? undefined : new Uint8Array(field.type.toBuffer(value));
}
