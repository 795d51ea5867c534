import {
  type Config,
  type Context,
  defineSource,
  duration,
  type Emit,
  EventBatch,
  int,
  type Position,
  secret,
  text,
} from "sluice/plugin";
import { type Connection, createConnection } from "mysql2/promise";

/** Rows of one query; a full answer is followed by the next query at once. */
const MAX_ROWS = 1000;
const CONNECT_LIMIT_MS = 10_000;
const ADDRESS = /^jdbc:(?:mysql|mariadb):\/\/([^/:]+)(?::(\d+))?\/(\w+)/;
/** What the server answers where there is no table `flume_meta`. */
const NO_TABLE = "ER_NO_SUCH_TABLE";

const config = {
  "connection.url": text({ net: "connect" }).describe(
    "Database, as JDBC writes it: jdbc:mysql://HOST:3306/NAME.",
  ),
  "connection.user": text().describe("User of the database."),
  "connection.password": secret().describe("Password of that user."),
  table: text().describe("Table whose new rows are events."),
  "columns.to.select": text().default("*").describe("Columns of an event, as SQL writes them."),
  "incremental.column.name": text().default("id").describe("Column that grows with each row."),
  "start.from": int().default(0).describe("Rows behind this index are taken, where nothing is known yet."),
  "run.query.delay": duration("ms").default(10_000).describe("Wait between two queries."),
  "custom.query": text().optional().describe(
    "Query to run instead; the index is put behind it, and the first column of its rows is the next one.",
  ),
  "default.charset.resultset": text({ ignored: "bodies are UTF-8" }).default("UTF-8")
    .describe("Charset of results."),
};

type Settings = Config<typeof config>;

/** A row: its index, and its columns as text. */
type Row = readonly [index: string, ...columns: (string | null)[]];

export default defineSource({
  name: "sql_source",
  aliases: ["com.atguigu.source.SQLSource"],
  summary: "Takes new rows of a MySQL table, by a column that grows: a source that can go on from a place.",
  about:
    "The body is each column with a comma behind it. The index of the last row is the position: after a crash the " +
    "source goes on behind the last row that is safe. Where there is a table `flume_meta`, as the Java class wanted it, the " +
    "index is read from there at the first start, and written there after the delivery for others to see. Unlike in the Java class " +
    "it is the last row's own index, not a count of rows, so gaps in the column lose nothing.",
  replayable: true,
  config,
  check: (settings) =>
    ADDRESS.test(settings["connection.url"]) ? [] : [{
      key: "connection.url",
      text: `"${settings["connection.url"]}" names no database`,
      fix: "write jdbc:mysql://HOST:3306/NAME",
    }],
  examples: [{
    title: "New rows of a table, every five seconds",
    yaml: `source:
  type: ./sql_source.ts
  connection: { url: "jdbc:mysql://127.0.0.1:3306/mysqlsource", user: reader, password: "\${PASSWORD:-reader}" }
  table: student
  run.query.delay: 5s
sink: { type: logger }`,
  }],
  create: (settings, context) => ({
    async run(emit) {
      try {
        await poll(settings, context, emit);
      } catch (cause) {
        if (!context.signal.aborted) throw cause;
      }
    },
  }),
});

async function poll(settings: Settings, { signal, clock, resume }: Context, emit: Emit): Promise<void> {
  using table = await Table.open(settings, signal);
  let failure: { readonly cause: unknown } | undefined;
  let last = String(resume?.[table.key] ?? await table.savedIndex() ?? settings["start.from"]);
  while (!signal.aborted) {
    const rows = await table.rowsAfter(last);
    if (rows.length > 0) {
      const index = last = rows.at(-1)![0];
      await emit.ready;
      // The next query need not wait until these rows are safe.
      emit(batchOf(rows, { [table.key]: index })).then(() => table.saveIndex(index))
        .catch((cause) => failure = { cause });
    }
    if (rows.length < MAX_ROWS) await clock.sleep(settings["run.query.delay"], signal);
    // What was rolled back comes again: the source is started anew behind the last safe row.
    if (failure) throw failure.cause;
  }
}

function batchOf(rows: readonly Row[], position: Position): EventBatch {
  const bodies = rows.map(([, ...columns]) => ({ body: columns.map((column) => `${column},`).join("") }));
  return EventBatch.from(bodies).with({ position });
}

/** The table that is read, and the one that others see the index in. */
class Table implements Disposable {
  /** What the position calls it. */
  readonly key: string;
  readonly #connection: Connection;
  readonly #settings: Settings;
  /** Rejects when the source must end: no answer is waited for any more. */
  readonly #stopped: Promise<never>;
  #hasMeta = true;

  private constructor(settings: Settings, connection: Connection, signal: AbortSignal) {
    this.key = settings.table;
    this.#connection = connection;
    this.#settings = settings;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    this.#stopped = promise;
  }

  static async open(settings: Settings, signal: AbortSignal): Promise<Table> {
    const [, host = "", port = "3306", database = ""] = ADDRESS.exec(settings["connection.url"])!;
    const connection = await createConnection({
      host,
      port: Number(port),
      database,
      user: settings["connection.user"],
      password: settings["connection.password"],
      connectTimeout: CONNECT_LIMIT_MS,
    });
    return new Table(settings, connection, signal);
  }

  /** Where another program, or an earlier one, has come to. */
  async savedIndex(): Promise<string | undefined> {
    const [row] = await this.#metaQuery("SELECT currentIndex FROM flume_meta WHERE source_tab = ?", [
      this.key,
    ]);
    return row?.[0] ?? undefined;
  }

  async saveIndex(index: string): Promise<void> {
    await this.#metaQuery("REPLACE INTO flume_meta (source_tab, currentIndex) VALUES (?, ?)", [
      this.key,
      index,
    ]);
  }

  rowsAfter(index: string): Promise<Row[]> {
    const { table, "columns.to.select": columns, "incremental.column.name": column, "custom.query": own } =
      this.#settings;
    if (own !== undefined) return this.#query(`${own} ${this.#connection.escape(index)}`);
    const [from, by] = [this.#connection.escapeId(table), this.#connection.escapeId(column)];
    return this.#query(
      `SELECT ${by}, ${
        columns === "*" ? `${from}.*` : columns
      } FROM ${from} WHERE ${by} > ? ORDER BY ${by} LIMIT ${MAX_ROWS}`,
      [index],
    );
  }

  [Symbol.dispose](): void {
    this.#connection.destroy();
  }

  /** The table is not everybody's. */
  async #metaQuery(sql: string, values: readonly string[]): Promise<Row[]> {
    try {
      return this.#hasMeta ? await this.#query(sql, values) : [];
    } catch (cause) {
      if ((cause as { code?: string }).code !== NO_TABLE) throw cause;
      this.#hasMeta = false;
      return [];
    }
  }

  /** Rows with every value as the text that the server sends. */
  async #query(sql: string, values: readonly string[] = []): Promise<Row[]> {
    const asked = this.#connection.query({
      sql,
      values: [...values],
      rowsAsArray: true,
      typeCast: (field: { string(): string | null }) => field.string(),
    });
    const [rows] = await Promise.race([asked, this.#stopped]);
    return Array.isArray(rows) ? rows as unknown as Row[] : [];
  }
}
