import assert from "node:assert/strict";
import { sharedServerTest } from "../../../servers/mod.ts";
import { connectHdfs, putFile, readFile } from "../../../support/hdfs.ts";
import { HttpRelay } from "../../../support/http_relay.ts";
import { until } from "../../../support/until.ts";
import { deliver, filesBelow, makeHdfs } from "./making.ts";

const hdfsTest = sharedServerTest("hdfs");

hdfsTest(
  "hdfs sink sends a file again that somebody replaced between its arrival and its name",
  async ({ env }) => {
    const client = connectHdfs(env.HDFS_WEBHDFS!);
    const stateDir = await Deno.makeTempDir();
    using relay = new HttpRelay(`http://${env.HDFS_WEBHDFS}`);
    const settings = {
      path: `${env.HDFS_URI}/replaced`,
      nameNodes: [relay.endpoint],
      user: env.HDFS_USER,
      rollCount: 1,
      callTimeout: 5000,
    };
    const names = async () => (await Array.fromAsync(client.list("/replaced"))).map(({ name }) => name);
    const isNoted = () => Object.keys(filesBelow(stateDir)).some((path) => /\/sent\/[^/.]+$/.test(path));
    try {
      relay.meddle(/op=RENAME/, "lose", 12);
      const first = await makeHdfs(settings, { stateDir });
      await deliver(first, "the only copy", { position: { in: 1 } });
      await until("the file to be sent", isNoted);
      await first.close!();
      const [inUse] = await names();
      await putFile(client, `/replaced/${inUse}`, { content: "another's", overwrite: true });

      const second = await makeHdfs(settings, { stateDir });
      assert.deepEqual(await second.resume!(), { in: 1 });
      await until("the file to have its name", async () => (await names()).length === 2);
      await second.close!();
      const [final] = (await names()).filter((name) => name !== inUse);
      assert.equal(new TextDecoder().decode(await readFile(client, `/replaced/${final}`)), "the only copy\n");
      assert.equal(
        new TextDecoder().decode(await readFile(client, `/replaced/${inUse}`)),
        "another's",
      );
    } finally {
      client.close();
      await Deno.remove(stateDir, { recursive: true });
    }
  },
);
