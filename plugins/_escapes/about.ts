/** What becomes of a header's value in a path; a test holds each row against the code. */
export const VALUES_IN_PATHS: readonly {
  readonly what: string;
  readonly value: string;
  readonly name: string;
}[] = [
  { what: "letters, digits and all that is not below", value: "Zürich-7 (a+b)=c", name: "Zürich-7 (a+b)=c" },
  { what: "a slash", value: "a/b", name: "a%2Fb" },
  { what: "a backslash, a colon, a percent sign", value: "C:\\50%", name: "C%3A%5C50%25" },
  { what: "a control character", value: "a\tb", name: "a%09b" },
  { what: "a dot at the start of the name", value: "..", name: "%2E." },
  { what: "nothing, or no such header", value: "", name: "no_value" },
  { what: "the word that stands for nothing", value: "no_value", name: "no%5Fvalue" },
  { what: "half of a surrogate pair", value: "\ud800", name: "%ED%A0%80" },
  {
    what: "a name of more than 200 bytes: its start and the SHA-256 of all of it",
    value: "x".repeat(201),
    name: `${"x".repeat(160)}~84a0678c90937f5dcf9994d5866668da`,
  },
];

const ROWS = VALUES_IN_PATHS.map(({ what, value, name }) =>
  `| ${what} | \`${shown(value)}\` | \`${
    name.length > 60 ? `${name.slice(0, 8)}…${name.slice(-33)}` : name
  }\` |`
).join("\n");

/** Markdown about templates, for the pages of plugins that use them. */
export const ABOUT_ESCAPES =
  `Escapes are Flume's: \`%{header}\`; \`%[localhost]\`, \`%[IP]\`, \`%[FQDN]\` for this machine; \
\`%Y %y %m %n %b %B %d %e %j %a %A %H %I %k %l %M %S %p %z %s %c %D\` for the time; \`%t\` for the header \`timestamp\` as it is written, never \
rounded; \`%%\` for the sign itself. Names of days and months are English, where Flume takes the JVM's language. \`%D\` has slashes and so makes \
folders; the colons of \`%c\` become \`%3A\`, for HDFS refuses them.

The time is that of the header \`timestamp\` in epoch milliseconds, or the clock's with \`useLocalTimeStamp\`. An event without that header is poison, \
and so is one whose header is no number or tells a time before March 1973 or after 5138: then it was written in seconds, or in microseconds. Flume's \
batch fails for ever without the header, and goes to a folder of 1970 with seconds. Where the local clock was put back, a rounded time stays in the hour in which the event was.

Escapes that do not exist are errors; Flume leaves them out or writes them as they stand. \`%%\` needs no timestamp here. A time zone that does not exist is an error; Java takes GMT.

No value of a header leads out of the folder, and different values have different names. Slashes, colons, backslashes, percent signs and control \
characters are percent-encoded, as Hive, Spark and DuckDB read them in names such as \`host=%{host}\`:

| Value | for example | in the path |
| --- | --- | --- |
${ROWS}

In Flume values are inserted as they are: \`a/b\` makes two folders (here with \`headerSlashes: folders\`, which makes each of them safe, 16 at most), \`..\` leads out of the path, and nothing leaves two slashes, which HDFS takes for one.`;

function shown(value: string): string {
  if (value === "") return '""';
  return value.length > 60
    ? `${value.slice(0, 8)}…`
    : JSON.stringify(value).slice(1, -1).replace("\\\\", "\\");
}
