import { errorText } from "sluice/plugin";
import { EscapeTemplate } from "../../_escapes/escape_template.ts";
import type { HdfsSettings } from "./fields.ts";
import { formatFaults } from "./formats/make_format.ts";
import { parseTarget } from "./target.ts";

/** A complaint about fields that are right alone. */
interface Fault {
  readonly key: string;
  readonly text: string;
  readonly fix?: string;
}

const HOST = { name: "host", address: "127.0.0.1", fqdn: "host" };

/** Finds what cannot work, before anything is started. */
export function checkHdfsSink(settings: HdfsSettings): readonly Fault[] {
  return [
    ...formatFaults(settings, settings.durable === "append"),
    ...targetFaults(settings),
    ...nameFaults(settings),
    ...roundFaults(settings),
    ...loginFaults(settings),
    ...keyFaults(settings),
  ];
}

/** What an error says itself, and behind a colon perhaps how to mend it. */
function faultOf(key: string, cause: unknown): Fault {
  const said = cause instanceof Error ? cause.message : String(cause);
  const [text = "", fix] = said.split(/: (?=(?:write|name) )/);
  return { key, text, ...fix !== undefined && { fix } };
}

/** How the time of an event is rounded. */
export function roundingOf(settings: HdfsSettings) {
  if (!settings["hdfs.round"]) return undefined;
  return { value: settings["hdfs.roundValue"], unit: settings["hdfs.roundUnit"] };
}

function targetFaults(settings: HdfsSettings): readonly Fault[] {
  const fix = "write such as hdfs://namenode/flume/%Y%m%d, or name the NameNodes in hdfs.nameNodes";
  try {
    const { scheme } = parseTarget(settings["hdfs.path"], settings["hdfs.nameNodes"].length > 0);
    if (settings.durable === "append" && scheme === "s3") {
      return [{ key: "durable", text: "An object of S3 cannot grow by appends", fix: "leave it out" }];
    }
    const [colon] = colonFaults(settings);
    if (colon) return [colon];
  } catch (cause) {
    return [{ key: "hdfs.path", text: errorText(cause), fix }];
  }
  return settings["hdfs.nameNodes"].filter((address) => !isWebAddress(address)).map((address) => ({
    key: "hdfs.nameNodes",
    text: `"${address}" is no web address of a NameNode`,
    fix: "write such as http://nn1:9870",
  }));
}

function isWebAddress(address: string): boolean {
  return /^https?:\/\//.test(address) && URL.canParse(address);
}

function nameFaults(settings: HdfsSettings): readonly Fault[] {
  const faults: Fault[] = [];
  const kinds = { "hdfs.path": "path", "hdfs.filePrefix": "name", "hdfs.inUsePrefix": "name" } as const;
  for (const [key, values] of Object.entries(kinds) as [keyof typeof kinds, "path" | "name"][]) {
    const { "hdfs.useLocalTimeStamp": useLocalTimeStamp } = settings;
    const written = settings[key].replace(/^[a-z0-9]+:\/\/[^/]*/i, "");
    try {
      new EscapeTemplate(written, { values, useLocalTimeStamp, host: HOST });
    } catch (cause) {
      faults.push(faultOf(key, cause));
    }
  }
  for (const key of ["hdfs.fileSuffix", "hdfs.inUseSuffix"] as const) {
    if (!/[\/\\]/.test(settings[key])) continue;
    faults.push({ key, text: `"${settings[key]}" would lead into another folder`, fix: "leave slashes out" });
  }
  return faults;
}

const NAMES = [
  "hdfs.path",
  "hdfs.filePrefix",
  "hdfs.fileSuffix",
  "hdfs.inUsePrefix",
  "hdfs.inUseSuffix",
] as const;

/** HDFS has no name with a colon; what headers and times bring is encoded. */
function colonFaults(settings: HdfsSettings): readonly Fault[] {
  const { scheme, path } = parseTarget(settings["hdfs.path"], settings["hdfs.nameNodes"].length > 0);
  if (!/hdfs$/.test(scheme)) return [];
  return NAMES.flatMap((key) => {
    const text = (key === "hdfs.path" ? path : settings[key]).replaceAll(/%[{[][^}\]]*[}\]]/g, "");
    if (!text.includes(":")) return [];
    return [{ key, text: `HDFS takes no colon in names, as in "${settings[key]}"`, fix: "leave it out" }];
  });
}

function roundFaults(settings: HdfsSettings): readonly Fault[] {
  const { "hdfs.permission": permission, "hdfs.timeZone": timeZone } = settings;
  const faults: Fault[] = [];
  const probe = (key: string, options: object) => {
    try {
      new EscapeTemplate("", { values: "plain", useLocalTimeStamp: true, host: HOST, ...options });
    } catch (cause) {
      faults.push(faultOf(key, cause));
    }
  };
  probe("hdfs.timeZone", { timeZone });
  probe("hdfs.roundValue", { round: roundingOf(settings) });
  if (permission !== undefined && !/^[01]?[0-7]{3}$/.test(permission)) {
    faults.push({
      key: "hdfs.permission",
      text: `"${permission}" are no rights in octal`,
      fix: "write such as 640",
    });
  }
  return faults;
}

/** One of two that are nothing without each other. */
function keyFaults(settings: HdfsSettings): readonly Fault[] {
  const { "s3.accessKeyId": id, "s3.secretAccessKey": secret } = settings;
  if ((id === undefined) === (secret === undefined)) return [];
  const [given, missing] = id === undefined
    ? ["s3.secretAccessKey", "s3.accessKeyId"]
    : ["s3.accessKeyId", "s3.secretAccessKey"];
  return [{ key: given!, text: `No ${missing} is given beside it`, fix: `write ${missing}, too` }];
}

/** Kerberos (SPNEGO) is not spoken: the client of this runtime has no GSS-API. */
function loginFaults(settings: HdfsSettings): readonly Fault[] {
  const { "hdfs.delegationToken": token, "hdfs.login.user": user } = settings;
  const key = (["hdfs.kerberosPrincipal", "hdfs.kerberosKeytab"] as const).find((key) => settings[key]);
  if (!key || token !== undefined || user !== undefined) return [];
  return [{
    key,
    text: "Kerberos is not spoken over WebHDFS here",
    fix:
      "set hdfs.delegationToken (from `hadoop dtutil print FILE`, where `hdfs fetchdt` has made the file), or name a Knox or HttpFS in hdfs.nameNodes with hdfs.login.user and hdfs.login.password",
  }];
}
