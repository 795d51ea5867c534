// Run by the tests of stores, which kill it: sends a file that never ends. Its argument says where, as JSON.
import { LocalStore } from "../../../../../plugins/sinks/_hdfs/stores/local_store.ts";
import { patternBytes, silentAfter } from "../../../../support/byte_slices.ts";
import { openS3 } from "../../../../support/s3.ts";

// Without something to wait for, the program would end by itself.
setInterval(() => {}, 60_000);
const { path, bytes, root, env, place } = JSON.parse(Deno.args[0]!);
const store = root === undefined ? openS3(env, { place }).store : LocalStore.open(root);
await store.put(path, silentAfter(patternBytes(bytes)), new AbortController().signal);
