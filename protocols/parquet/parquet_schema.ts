import type { RowField, RowNode } from "../avro_rows/row_schema.ts";

// How types of rows stand in a Parquet file (Apache Parquet's LogicalTypes.md). A schema is a list of elements, each in front
// of its children:
//   list  group LIST › repeated group "list" › element
//   map   group MAP › repeated group "key_value" › key · value

/** One element, in the words of hyparquet-writer. */
export interface ParquetElement {
  readonly name: string;
  readonly type?: "BOOLEAN" | "INT32" | "INT64" | "FLOAT" | "DOUBLE" | "BYTE_ARRAY" | "FIXED_LEN_BYTE_ARRAY";
  readonly type_length?: number;
  readonly repetition_type?: "REQUIRED" | "OPTIONAL" | "REPEATED";
  readonly num_children?: number;
  readonly converted_type?:
    | "UTF8"
    | "LIST"
    | "MAP"
    | "DECIMAL"
    | "DATE"
    | "TIME_MILLIS"
    | "TIME_MICROS"
    | "TIMESTAMP_MILLIS"
    | "TIMESTAMP_MICROS";
  readonly logical_type?: {
    readonly type: "TIMESTAMP";
    readonly isAdjustedToUTC: boolean;
    readonly unit: "MILLIS" | "MICROS";
  };
  readonly precision?: number;
  readonly scale?: number;
}

type Leaf = Omit<ParquetElement, "name" | "repetition_type" | "num_children">;

/**
 * Makes the schema of files with such rows.
 * @throws {SyntaxError} that names the field which Parquet has no type for.
 */
export function parquetSchema(fields: readonly RowField[]): readonly ParquetElement[] {
  return [{ name: "row", num_children: fields.length }, ...fieldElements(fields, "")];
}

function fieldElements(fields: readonly RowField[], path: string): ParquetElement[] {
  return fields.flatMap(({ name, node }) => elementsOf(name, node, path === "" ? name : `${path}.${name}`));
}

function elementsOf(name: string, node: RowNode, path: string): ParquetElement[] {
  if (node.kind !== "union") return requiredElements(name, node, path);
  const [value, ...more] = node.branches.filter(({ kind }) => kind !== "null");
  if (!value || more.length > 0) {
    throw new SyntaxError(`Field "${path}": Parquet has no unions but those of null and one type`);
  }
  const [element, ...below] = requiredElements(name, value, path);
  const isOptional = node.branches.length > 1;
  return [{ ...element!, repetition_type: isOptional ? "OPTIONAL" : "REQUIRED" }, ...below];
}

function requiredElements(name: string, node: RowNode, path: string): ParquetElement[] {
  const own = { name, repetition_type: "REQUIRED" } as const;
  switch (node.kind) {
    case "struct":
      if (node.fields.length === 0) {
        throw new SyntaxError(`Field "${path}": Parquet has no structs without fields`);
      }
      return [{ ...own, num_children: node.fields.length }, ...fieldElements(node.fields, path)];
    case "list":
      return [
        { ...own, num_children: 1, converted_type: "LIST" },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        ...elementsOf("element", node.of, `${path}[]`),
      ];
    case "map":
      return [
        { ...own, num_children: 1, converted_type: "MAP" },
        { name: "key_value", repetition_type: "REPEATED", num_children: 2 },
        { name: "key", repetition_type: "REQUIRED", type: "BYTE_ARRAY", converted_type: "UTF8" },
        ...elementsOf("value", node.of, `${path}{}`),
      ];
    default:
      return [{ ...own, ...leafOf(node, path) }];
  }
}

function leafOf(node: Exclude<RowNode, { kind: "struct" | "list" | "map" }>, path: string): Leaf {
  switch (node.kind) {
    case "fixed":
      return { type: "FIXED_LEN_BYTE_ARRAY", type_length: node.bytes };
    case "decimal":
      return {
        ...decimalType(node.precision),
        converted_type: "DECIMAL",
        precision: node.precision,
        scale: node.scale,
      };
    case "timestamp":
      return {
        type: "INT64",
        converted_type: node.unit === "millis" ? "TIMESTAMP_MILLIS" : "TIMESTAMP_MICROS",
      };
    case "local_timestamp": {
      const unit = node.unit === "millis" ? "MILLIS" : "MICROS";
      return { type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit } };
    }
    case "time":
      return node.unit === "millis"
        ? { type: "INT32", converted_type: "TIME_MILLIS" }
        : { type: "INT64", converted_type: "TIME_MICROS" };
    case "null":
    case "union":
      throw new SyntaxError(`Field "${path}": Parquet has no type "${node.kind}"`);
    default:
      return SIMPLE[node.kind];
  }
}

const TEXT = { type: "BYTE_ARRAY", converted_type: "UTF8" } as const;

const SIMPLE = {
  boolean: { type: "BOOLEAN" },
  int: { type: "INT32" },
  long: { type: "INT64" },
  float: { type: "FLOAT" },
  double: { type: "DOUBLE" },
  bytes: { type: "BYTE_ARRAY" },
  string: TEXT,
  uuid: TEXT,
  enum: TEXT,
  date: { type: "INT32", converted_type: "DATE" },
} satisfies Record<string, Leaf>;

/** As few bytes as its digits need. */
function decimalType(precision: number): Leaf {
  if (precision <= 9) return { type: "INT32" };
  if (precision <= 18) return { type: "INT64" };
  return { type: "FIXED_LEN_BYTE_ARRAY", type_length: Math.ceil((precision / Math.log10(2) + 1) / 8) };
}
