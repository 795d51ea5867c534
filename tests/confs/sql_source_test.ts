import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { serverTest, startServer } from "../servers/mod.ts";
import { until } from "../support/until.ts";
import { loggedEvents } from "./logged.ts";
import { Place } from "./place.ts";

const SCHEMA = new URL("../data/flume/confs/extras/mysql-schema.sql", import.meta.url);
const PLUGIN = fileURLToPath(new URL("../../examples/sql_source.ts", import.meta.url));
const LIMIT_MS = 20_000;

serverTest(
  { needs: ["mariadb"] },
  "15: rows of a table are logged once, a new one alone, and none again after a restart",
  async () => {
    await using place = new Place();
    const server = (await startServer("mariadb", {
      MARIADB_PORT: `${place.port(3306)}`,
      MARIADB_DATABASE: "mysqlsource",
      MARIADB_USER: "root",
      MARIADB_PASSWORD: "000000",
    }))!;
    try {
      await sql(place, Deno.readTextFileSync(SCHEMA).replace(/^CREATE DATABASE.*$/m, ""));
      place.put("/job/15.conf.classes.yaml", `com.atguigu.source.SQLSource: ${PLUGIN}\n`);
      const agent = place.agent("15");
      const rows = ["1,zhangsan,", "2,lisi,", "3,wangwu,", "4,zhaoliu,"];
      await until("four rows", () => loggedEvents(agent).length >= 4, LIMIT_MS);
      await sql(place, "INSERT INTO student VALUES (9, 'sunqi')");
      await until("the new row", () => loggedEvents(agent).length >= 5, LIMIT_MS);
      assert.deepEqual(loggedEvents(agent), [...rows, "9,sunqi,"]);
      assert.equal(await agent.stop(), 0, agent.lastWords);
      await sql(place, "INSERT INTO student VALUES (10, 'zhouba')");
      const again = place.agent("15");
      await until("the row after the restart", () => loggedEvents(again).length >= 1, LIMIT_MS);
      assert.equal(await again.stop(), 0, again.lastWords);
      assert.deepEqual(loggedEvents(again), ["10,zhouba,"]);
    } finally {
      await server.stop();
    }
  },
);

async function sql(place: Place, text: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("mariadb", {
    args: [
      "--no-defaults",
      "-h127.0.0.1",
      `-P${place.port(3306)}`,
      "-uroot",
      "-p000000",
      "mysqlsource",
      "-e",
      text,
    ],
    stderr: "piped",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
