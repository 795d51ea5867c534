import type { Settings } from "../conf_text.ts";
import type { KeyStores } from "./key_stores.ts";

/** A way in which agents speak to each other. */
export type Wire = "avro" | "avro+deflate" | "avro+TLS" | "thrift";
export const WIRES: readonly Wire[] = ["avro", "avro+deflate", "avro+TLS", "thrift"];

/** Settings of a source that receives in that way, as Flume writes them. */
export function sourceSettings(
  wire: Wire,
  { keyStore, password }: KeyStores,
): Settings {
  if (wire === "thrift") return { type: "thrift" };
  if (wire === "avro+deflate") return { type: "avro", "compression-type": "deflate" };
  if (wire === "avro") return { type: "avro" };
  return {
    type: "avro",
    ssl: "true",
    keystore: keyStore,
    "keystore-password": password,
    "keystore-type": "JKS",
  };
}

/** Settings of a sink that sends in that way. */
export function sinkSettings(
  wire: Wire,
  { trustStore, password }: KeyStores,
): Settings {
  if (wire === "thrift") return { type: "thrift" };
  if (wire === "avro+deflate") {
    return { type: "avro", "compression-type": "deflate", "compression-level": "6" };
  }
  if (wire === "avro") return { type: "avro" };
  return {
    type: "avro",
    ssl: "true",
    truststore: trustStore,
    "truststore-password": password,
    "truststore-type": "JKS",
  };
}
