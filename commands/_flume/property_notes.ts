/** What system properties of Flume mean here, where nobody reads them. */
const NOTES: readonly (readonly [RegExp, string])[] = [
  [/^flume\.called\.from\.service$/, "a configuration that is not there yet is waited for"],
  [/^flume\.log\./, "logs go to standard error; redirect it to keep them"],
  [/^log4j/, "log4j is not used; --log-level sets what is logged"],
  [
    /^org\.apache\.flume\.log\.(?:printconfig|rawdata)$/,
    "use `sluice plan` and the logger sink's maxBytesToLog instead",
  ],
  [/^com\.sun\.management\.jmxremote/, "there is no JMX; use -Dflume.monitoring.type=http"],
  [/^java\.security\.(?:auth\.login\.config|krb5)/, "Kerberos is not built"],
];

/** Says what becomes of system properties that do something else here than in Flume. */
export function propertyNotes(properties: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(properties).flatMap((name) => {
    const [, text] = NOTES.find(([pattern]) => pattern.test(name)) ?? [];
    return text === undefined ? [] : [`-D${name}: ${text}`];
  });
}
