import { type Config, host, list, regex, text } from "sluice/plugin";
import { KeptFields } from "./kept_fields.ts";
import { OwnFormat } from "./own_format.ts";
import { senderFields } from "./senders.ts";

/** The fields of every syslog source. */
export const syslogFields = {
  host: host({ net: "listen-host" }).default("0.0.0.0").describe("Address to listen on; :: is IPv6, too."),
  keepFields: list().default(["none"]).describe(
    "Parts of the head that stay in the body: none, all, or some of priority, version, timestamp, hostname.",
  ),
  ...senderFields,
};

/** A format of the user's own. */
export const formatFields = {
  "format.regex": regex().optional().describe(
    "Pattern for the whole line, tried first; its groups are priority, version, timestamp, host and body.",
  ),
  "format.search": regex().optional().describe("What to replace in that timestamp."),
  "format.replace": text().optional().describe("What to put there; $1 is a group."),
  "format.dateFormat": text().optional().describe(
    "How the timestamp is written after that, as yyyy-MM-dd HH:mm:ss.",
  ),
};

/** What is wrong with `keepFields`. */
export function keptComplaints({ keepFields }: Pick<Config<typeof syslogFields>, "keepFields">) {
  return KeptFields.strays(keepFields.join(" ")).map((word) => ({
    key: "keepFields",
    text: `"${word}" is no part of the head`,
    fix: "write none, all, or some of priority, version, timestamp and hostname",
  }));
}

/** What is wrong with the format. */
export function formatComplaints(settings: Config<typeof formatFields>) {
  return OwnFormat.complaints(settings);
}
