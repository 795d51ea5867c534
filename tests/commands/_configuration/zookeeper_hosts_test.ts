import assert from "node:assert/strict";
import { nodePath, readConnectString } from "../../../commands/_configuration/zookeeper_hosts.ts";

Deno.test("connect string of ZooKeeper gives hosts, ports and the chroot", () => {
  assert.deepEqual(readConnectString("zk1, zk2:2182,[::1]:2183/flume/prod/"), {
    hosts: [
      { hostname: "zk1", port: 2181 },
      { hostname: "zk2", port: 2182 },
      { hostname: "::1", port: 2183 },
    ],
    chroot: "/flume/prod",
  });
  assert.equal(readConnectString("zk1").chroot, "");
});

Deno.test("connect string that names no host or no port is refused with an example", () => {
  for (const written of ["", "zk1,", "zk1:0", "zk1:70000", "zk1:x", "/flume"]) {
    assert.throws(() => readConnectString(written), /--zkConnString cannot be/, written);
  }
});

Deno.test("node path has one slash in front of each name", () => {
  assert.equal(nodePath("/flume/", "a1"), "/flume/a1");
  assert.equal(nodePath("", "flume", "/a1"), "/flume/a1");
});
