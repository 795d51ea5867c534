import assert from "node:assert/strict";
import { createConnection } from "mysql2/promise";
import sqlSource from "../examples/sql_source.ts";
import { serverTest } from "./servers/mod.ts";
import { runSource, type SourceRun } from "./support/run_source.ts";
import { until } from "./support/until.ts";

const SCHEMA = new URL("./data/flume/confs/extras/mysql-schema.sql", import.meta.url);

type Login = Readonly<Record<"MARIADB_USER" | "MARIADB_PASSWORD" | "MARIADB_DATABASE", string>>;

/** A database with the table of the users' notes. */
class Database implements AsyncDisposable {
  readonly #connection: Awaited<ReturnType<typeof createConnection>>;
  readonly #settings: Readonly<Record<string, unknown>>;

  private constructor(connection: Database["connection"], settings: Readonly<Record<string, unknown>>) {
    this.#connection = connection;
    this.#settings = settings;
  }

  get connection() {
    return this.#connection;
  }

  static async open(env: Readonly<Record<string, string>>): Promise<Database> {
    const { MARIADB_USER: user, MARIADB_PASSWORD: password, MARIADB_DATABASE: database } = env as Login;
    const [host, port] = ["127.0.0.1", Number(env["MARIADB_PORT"])];
    const connection = await createConnection({
      host,
      port,
      user,
      password,
      database,
      multipleStatements: true,
    });
    await connection.query("DROP TABLE IF EXISTS student, flume_meta");
    await connection.query(Deno.readTextFileSync(SCHEMA).replace(/^(?:CREATE DATABASE|USE).*$/gm, ""));
    return new Database(connection, {
      "connection.url": `jdbc:mysql://${host}:${port}/${database}`,
      "connection.user": user,
      "connection.password": password,
      table: "student",
      "run.query.delay": "20ms",
    });
  }

  start(
    change: Readonly<Record<string, unknown>> = {},
    ...rest: [{ resume?: Record<string, string> }?]
  ): SourceRun {
    return runSource(sqlSource, { ...this.#settings, ...change }, rest[0]);
  }

  async savedIndex(): Promise<string | undefined> {
    const [rows] = await this.#connection.query({
      sql: "SELECT currentIndex FROM flume_meta",
      rowsAsArray: true,
    });
    return (rows as unknown as string[][])[0]?.[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.end();
  }
}

serverTest(
  "mariadb",
  "sql_source takes each row of a table once, gaps or not, and tells others how far it came",
  async (env) => {
    await using database = await Database.open(env);
    const run = database.start();
    assert.deepEqual(await run.untilSize(4), ["1,zhangsan,", "2,lisi,", "3,wangwu,", "4,zhaoliu,"]);
    await database.connection.query("INSERT INTO student VALUES (90, 'größe, 😀'), (97, '')");
    assert.deepEqual((await run.untilSize(6)).slice(4), ["90,größe, 😀,", "97,,"]);
    let saved: string | undefined;
    await until("the index of the last row", () => {
      void database.savedIndex().then((index) => saved = index);
      return saved === "97";
    });
    await run.stop();
    assert.deepEqual(run.position, { student: "97" });
  },
);

serverTest(
  "mariadb",
  "sql_source goes on behind its position, else behind what flume_meta says, else behind start.from",
  async (env) => {
    await using database = await Database.open(env);
    const fromStart = database.start({ "start.from": 3, "columns.to.select": "name" });
    assert.deepEqual(await fromStart.untilSize(1), ["zhaoliu,"]);
    await fromStart.stop();
    await database.connection.query("REPLACE INTO flume_meta VALUES ('student', '2')");
    const fromMeta = database.start();
    assert.deepEqual(await fromMeta.untilSize(2), ["3,wangwu,", "4,zhaoliu,"]);
    await fromMeta.stop();
    const resumed = database.start({}, { resume: { student: "1" } });
    assert.deepEqual(await resumed.untilSize(3), ["2,lisi,", "3,wangwu,", "4,zhaoliu,"]);
    await resumed.stop();
  },
);

serverTest(
  "mariadb",
  "sql_source runs a query of one's own, needs no flume_meta, and reads more rows than one query gives",
  async (env) => {
    await using database = await Database.open(env);
    await database.connection.query("DROP TABLE flume_meta");
    const names = Array.from({ length: 2500 }, (_, index) => `(${index + 5}, 'n${index}')`);
    await database.connection.query(`INSERT INTO student VALUES ${names.join(",")}`);
    const all = database.start();
    assert.equal((await all.untilSize(2504)).at(-1), "2504,n2499,");
    await all.stop();
    const own = database.start({
      "custom.query": "SELECT id, UPPER(name) FROM student WHERE id < 3 AND id >",
    });
    assert.deepEqual(await own.untilSize(2), ["ZHANGSAN,", "LISI,"]);
    await own.stop();
  },
);

serverTest(
  "mariadb",
  "sql_source ends with the cause when a batch is rolled back, and without the password when it may not in",
  async (env) => {
    await using database = await Database.open(env);
    const refused = database.start();
    refused.answer = () => Promise.reject(new Error("no room"));
    await assert.rejects(refused.ended, /no room/);
    const stranger = database.start({ "connection.password": "not-the-password" });
    await assert.rejects(stranger.ended, (cause: Error) => {
      assert.match(cause.message, /Access denied/);
      assert.doesNotMatch(String(cause.stack), /not-the-password/);
      return true;
    });
  },
);
