import assert from "node:assert/strict";
import { VALUES_IN_PATHS } from "../../../plugins/_escapes/about.ts";
import { sharedServerTest } from "../../servers/mod.ts";
import { connectHdfs } from "../../support/hdfs.ts";
import { namesIn } from "../../support/hdfs_tree.ts";
import { textAt, textOf } from "./escaped.ts";

const hdfsTest = sharedServerTest("hdfs");

/** Values that HDFS refuses as names, takes for something else, or that a client may spoil on the way. */
const ODD_VALUES = [
  ...VALUES_IN_PATHS.map(({ value }) => value),
  ...[
    ".",
    "..",
    "...",
    ".reserved",
    ".snapshot",
    ".Trash",
    "../..",
    "/",
    "//",
    "/etc/passwd",
    "a:b",
    "::1",
    "a\\b",
  ],
  ...[
    "%",
    "%2F",
    "%252F",
    "a%b",
    "a+b",
    "a b",
    " a ",
    "a?b=c&d#e",
    "a;b",
    "*",
    "[a]",
    "{a,b}",
    "~",
    "$HOME",
    "`ls`",
    "\"'<>|",
  ],
  ...[
    "\0",
    "\n",
    "\x7f",
    "\x85",
    "\u2028",
    "\ufeff",
    "\ufffd",
    "\ud800",
    "\udfff",
    "Zürich",
    "日本",
    "📚",
    "e\u0301",
    "é",
  ],
  ...["x".repeat(300), "日".repeat(300), "%".repeat(300)],
];

hdfsTest(
  "values in paths: HDFS has each value in a folder of its own, below the one that is meant",
  async ({ env }) => {
    const client = connectHdfs(env.HDFS_WEBHDFS!);
    const values = [...new Set(ODD_VALUES)];
    const names = values.map((value) => textOf("/in/%{v}/x", { v: value }).split("/")[2]!);
    for (const name of names) await client.mkdirs(`/in/${name}/x`);
    assert.deepEqual(await namesIn(client, "/in"), names.toSorted());
    for (const name of names) assert.deepEqual(await namesIn(client, `/in/${name}`), ["x"]);
    assert.deepEqual(await namesIn(client, "/"), ["in"]);
    client.close();
  },
);

hdfsTest("escapes: HDFS takes the names that all escapes of times and hosts make", async ({ env }) => {
  const client = connectHdfs(env.HDFS_WEBHDFS!);
  const letters = Array.from("taAbBcdeDHIjklmnMpsSyYz%", (letter) => `%${letter}`).join("/");
  const path = textAt(`/all/${letters}/%[localhost]/%[IP]/%[FQDN]`, "2012-06-12T11:54:34Z");
  await client.mkdirs(path);
  assert.ok((await client.status(path))?.isFolder);
  client.close();
});
