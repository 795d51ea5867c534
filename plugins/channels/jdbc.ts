import { bool, choice, type Config, defineChannel, int, map, path, secret, text, z } from "sluice/plugin";
import { JOURNAL_FIELDS, journalSettings } from "./_file/fields.ts";
import { openFileChannel } from "./_file/file_channel.ts";

/** What each key stood for has no counterpart in a journal. */
const NO_DATABASE = "Events are kept in a journal, not in a database.";

/** Every key has an old spelling. */
function ignored(key: string) {
  return { ignored: NO_DATABASE, ...old(key) };
}

function old(key: string) {
  return { alias: [`org.apache.flume.channel.jdbc.${key}`] };
}

const config = {
  "maximum.capacity": int({ min: 0 }, { unit: "events", ...old("maximum.capacity") }).default(0)
    .describe("Undelivered events that it holds at most; 0 means no limit."),
  "db.type": text(ignored("db.type")).default("DERBY").describe("Flume's database."),
  "driver.class": text(ignored("driver.class")).optional().describe("Its driver."),
  "driver.url": text(ignored("driver.url")).optional().describe("Its address."),
  "db.username": text(ignored("db.username")).optional().describe("Its user."),
  "db.password": secret(ignored("db.password")).optional().describe("The user's password."),
  "connection.properties.file": path({ access: "read", ...ignored("connection.properties.file") }).optional()
    .describe("More settings of the connection."),
  "create.schema": bool(ignored("create.schema")).default(true).describe("Make the tables."),
  "create.index": bool(ignored("create.index")).default(true).describe("Make the indexes."),
  "create.foreignkey": bool(ignored("create.foreignkey")).default(true).describe("Make the foreign keys."),
  "transaction.isolation": choice(
    ["READ_UNCOMMITTED", "READ_COMMITTED", "REPEATABLE_READ", "SERIALIZABLE"],
    ignored("transaction.isolation"),
  ).default("READ_COMMITTED").describe("Isolation of transactions."),
  "maximum.connections": int({ min: 1 }, ignored("maximum.connections")).default(10)
    .describe("Connections at once."),
  sysprop: map(text(), ignored("sysprop")).optional()
    .describe("Properties of the Java machine, such as `sysprop.user.home`."),
};

const ABOUT =
  `Flume's jdbc channel keeps events in an embedded Derby database, and newer versions have dropped it. Here the word stays, so that old \
files run: it makes a [file](file.md) channel with that channel's defaults, in the \`journal\` folder of the state folder, \
which promises all that the database did and is faster. It says so in the log when it starts.

Of its keys only \`maximum.capacity\` has an effect; the others are accepted, in both spellings. Events in an existing database are \
not taken over: let Flume deliver them. New pipelines should say \`type: file\`.`;

export default defineChannel({
  name: "jdbc",
  aliases: ["org.apache.flume.channel.jdbc.JdbcChannel"],
  summary: "Flume's name for a durable channel in a database; here it makes a file channel.",
  about: ABOUT,
  config,
  keepsState: true,
  needs: () => ({ sys: ["statfs"] }),
  examples: [{
    title: "A channel from an old Flume file",
    yaml: `source: { type: netcat, bind: 127.0.0.1, port: 44444 }
channel: { type: jdbc, maximum.capacity: 100000 }
sink: { type: file_roll, directory: out }`,
  }],
  create(settings, context) {
    context.log.warn(
      "There is no database: the jdbc channel keeps its events in a journal, as `type: file` does",
    );
    return openFileChannel(channelSettings(settings, context.stateDir), context);
  },
});

function channelSettings(
  settings: Config<typeof config>,
  stateDir: string,
): Parameters<typeof openFileChannel>[0] {
  const fields = z.object(JOURNAL_FIELDS).parse({}) as Config<typeof JOURNAL_FIELDS>;
  const capacity = settings["maximum.capacity"] || Infinity;
  return {
    journal: journalSettings(fields, stateDir),
    capacity,
    transactionCapacity: Math.min(capacity, fields.transactionCapacity),
    keepAliveMs: 3000,
    from: "end",
    windowBytes: fields.windowBytes,
  };
}
