import { ConfigError, type PluginNeeds } from "sluice/plugin";
import type { HdfsSettings } from "./fields.ts";
import { placeOfBucket, S3_VARIABLES, type S3Settings } from "./stores/s3_settings.ts";
import { parseTarget } from "./target.ts";

/** For the escapes `%[localhost]`, `%[IP]` and `%[FQDN]`. */
const HOST_CALLS = ["hostname", "networkInterfaces"];
/** As whom files are written, unless a field says it. */
const USER_VARIABLES = ["HADOOP_USER_NAME", "USER"];

/**
 * What a target asks of a sandbox: its folder, its bucket's server, or, for HDFS, all addresses: which DataNode takes a
 * block, and by which name it goes, is known only when the NameNode says so.
 */
export function targetNeeds(settings: HdfsSettings): PluginNeeds {
  const { scheme, authority, path } = parseTarget(
    settings["hdfs.path"],
    settings["hdfs.nameNodes"].length > 0,
  );
  if (scheme === "file") return { paths: [`/${path}`], sys: HOST_CALLS };
  if (scheme === "s3") return { net: [hostOf(authority, settings)], env: S3_VARIABLES, sys: HOST_CALLS };
  return { net: ["*"], env: USER_VARIABLES, sys: HOST_CALLS };
}

function hostOf(bucket: string, settings: S3Settings): string {
  try {
    return placeOfBucket(bucket, settings).host;
  } catch (cause) {
    // Said when the sink starts, with the way out.
    if (cause instanceof ConfigError) return "*.amazonaws.com:443";
    throw cause;
  }
}
