// Run by the tests of the store in HDFS, which kill it: sends bytes that never end. Its argument says where, as JSON.
import { WebHdfsStore } from "../../../../../plugins/sinks/_hdfs/stores/web_hdfs_store.ts";
import { patternBytes, silentAfter } from "../../../../support/byte_slices.ts";

const { path, bytes, options, way } = JSON.parse(Deno.args[0]!);
const store = new WebHdfsStore(options);
if (way === "put") await store.put(path, silentAfter(patternBytes(bytes)), new AbortController().signal);
for (const part = patternBytes(bytes);;) {
  await store.appends.append(
    path,
    Array.from({ length: 100 }, () => part),
  );
}
