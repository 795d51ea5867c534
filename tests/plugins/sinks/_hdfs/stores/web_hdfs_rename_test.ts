import assert from "node:assert/strict";
import { WebHdfsStore } from "../../../../../plugins/sinks/_hdfs/stores/web_hdfs_store.ts";
import { answerOf, say, startScripted } from "../../../../support/scripted_http.ts";
import { inFolder } from "../../../../trials/trial_folder.ts";

const UPLOAD = { path: "a.tmp", bytes: 1, id: "7" };
const NOT_THERE = answerOf(
  "404 Not Found",
  JSON.stringify({
    RemoteException: { exception: "FileNotFoundException", message: "File does not exist: /a" },
  }),
);
const HERE = answerOf(
  "200 OK",
  JSON.stringify({
    FileStatus: { pathSuffix: "", type: "FILE", length: 1, modificationTime: 1, blockSize: 1, fileId: 7 },
  }),
);

/** Lends a store whose NameNode answers requests, by their operations and paths, as told; with nothing, it hangs up. */
async function withNameNode(
  answer: (call: string) => string | undefined,
  use: (store: WebHdfsStore) => Promise<void>,
): Promise<void> {
  await inFolder("rename", async (folder) => {
    await using server = startScripted(async (conn, head) => {
      const [, path, op] = /^[A-Z]+ \/webhdfs\/v1\/(\S*)\?op=(\w+)/.exec(head) ?? [];
      await say(conn, answer(`${op} ${path}`) ?? "");
    });
    const store = new WebHdfsStore({
      nameNodes: [`http://${server.address}`],
      root: "/",
      callTimeoutMs: 5000,
      notesPath: `${folder}/names.json`,
    });
    await use(store);
    store.close();
  });
}

Deno.test("HDFS store does not say that a file is gone whose first rename came true after a look, and which was fetched", async () => {
  let renames = 0;
  const answer = (call: string) => {
    if (call === "MKDIRS ") return answerOf("200 OK", JSON.stringify({ boolean: true }));
    if (call === "RENAME a.tmp") return renames++ === 0 ? undefined : NOT_THERE;
    return call === "GETFILESTATUS a.tmp" && renames < 2 ? HERE : NOT_THERE;
  };
  await withNameNode(answer, async (store) => {
    await assert.rejects(store.publish(UPLOAD, "a"), /"a\.tmp" is gone, perhaps by the name "a"/);
    assert.equal(renames, 2);
    assert.equal(await store.publish(UPLOAD, "a"), "gone");
  });
});

Deno.test("HDFS store tells for certain that a file was not renamed only if no earlier request may have done it", async () => {
  const safeMode = answerOf(
    "403 Forbidden",
    JSON.stringify({
      RemoteException: { exception: "SafeModeException", message: "Name node is in safe mode" },
    }),
  );
  const odd = answerOf(
    "500 Oops",
    JSON.stringify({ RemoteException: { exception: "IOException", message: "?" } }),
  );
  for (
    const [renames, isOutcomeUnknown] of [[[safeMode], false], [["", safeMode], true], [[odd], true]] as const
  ) {
    const left: string[] = [...renames];
    const answer = (call: string) => {
      if (call === "MKDIRS ") return answerOf("200 OK", JSON.stringify({ boolean: true }));
      return call === "RENAME a.tmp" ? left.shift() : call === "GETFILESTATUS a.tmp" ? HERE : NOT_THERE;
    };
    await withNameNode(answer, async (store) => {
      await assert.rejects(store.publish(UPLOAD, "a"), { isOutcomeUnknown });
    });
    assert.deepEqual(left, []);
  }
});
