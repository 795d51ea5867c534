import type { Context } from "sluice/plugin";
import { Charset } from "./charset.ts";
import { EventMaker } from "./event_maker.ts";
import { HeadColumns, type HeaderNames } from "./head_columns.ts";
import { KeptFields } from "./kept_fields.ts";
import { MultiportDialect } from "./multiport_dialect.ts";
import { Names } from "./names.ts";
import { OwnFormat, type OwnFormatSettings } from "./own_format.ts";
import { Stamps } from "./stamps.ts";
import { SyslogTcpDialect } from "./syslogtcp_dialect.ts";

const SYSLOGTCP_HEADERS: HeaderNames = { priority: "priority", version: "version", marksInvalid: true };
const MULTIPORT_HEADERS: HeaderNames = { priority: "Priority", version: "Version", marksInvalid: false };

interface KeptSettings {
  readonly keepFields: readonly string[];
}

/** Makes events as Flume's `syslogtcp` and `syslogudp` do; times without a zone are local. */
export function syslogtcpMaker(
  settings: KeptSettings & OwnFormatSettings,
  { clock }: Pick<Context, "clock">,
  maxBytes: number,
): EventMaker {
  const stamps = new Stamps("local");
  const hosts = new Names(new Charset("us-ascii").decode);
  return new EventMaker({
    dialect: new SyslogTcpDialect(stamps),
    stamps,
    columns: new HeadColumns(SYSLOGTCP_HEADERS, hosts, stamps),
    kept: new KeptFields(settings.keepFields.join(" ")),
    ownFormat: OwnFormat.of(settings),
    clock,
    maxBytes,
  });
}

/** Makes events as Flume's `multiport_syslogtcp` does; times without a zone are UTC. */
export function multiportMaker(
  settings: KeptSettings & { readonly charset: Charset },
  { clock }: Pick<Context, "clock">,
  maxBytes: number,
): EventMaker {
  const { charset, keepFields } = settings;
  const stamps = new Stamps("utc");
  return new EventMaker({
    dialect: new MultiportDialect(stamps),
    stamps,
    columns: new HeadColumns(MULTIPORT_HEADERS, new Names(charset.decode), stamps),
    kept: new KeptFields(keepFields.join(" ")),
    charset,
    clock,
    maxBytes,
  });
}
