import assert from "node:assert/strict";
import type { HdfsSettings } from "../../../../plugins/sinks/_hdfs/fields.ts";
import { isSameTarget, targetName } from "../../../../plugins/sinks/_hdfs/target.ts";

function nameOf(path: string, nameNodes: readonly string[] = [], endpoint?: string): string {
  const settings = { "hdfs.path": path, "hdfs.nameNodes": nameNodes, "s3.endpoint": endpoint };
  return targetName(settings as unknown as HdfsSettings);
}

const [ONE, TWO, OTHER] = ["http://nn1:9870", "http://nn2:9870", "http://nn3:9870"];
const PAIR = nameOf("hdfs://lake/a", [ONE, TWO]);

Deno.test("a cluster is the same with more NameNodes, fewer, in another order, and over webhdfs", () => {
  for (const nodes of [[ONE], [TWO], [TWO, ONE], [OTHER, TWO], ["http://NN1:9870/"]]) {
    assert.ok(isSameTarget(PAIR, nameOf("hdfs://lake/b", nodes)), nodes.join());
    assert.ok(isSameTarget(nameOf("/b", nodes), PAIR), nodes.join());
  }
  assert.ok(isSameTarget(nameOf("hdfs://nn1:8020/a"), nameOf("webhdfs://nn1:9870/a")));
  assert.ok(isSameTarget(nameOf("hdfs://nn1/a"), PAIR));
});

Deno.test("a cluster is another one without a NameNode in common, whatever the nameservice is called", () => {
  assert.ok(!isSameTarget(PAIR, nameOf("hdfs://lake/a", [OTHER])));
  assert.ok(!isSameTarget(nameOf("hdfs://nn1/a"), nameOf("hdfs://nn2/a")));
  const gateways = ["default", "other"].map((name) => nameOf("/a", [`https://knox:8443/gateway/${name}`]));
  assert.ok(!isSameTarget(gateways[0]!, gateways[1]!));
});

Deno.test("a bucket is the same at the same server, and local folders always are", () => {
  const bucket = nameOf("s3://lake/a", [], "http://minio:9000");
  assert.ok(isSameTarget(bucket, nameOf("s3a://lake/b", [], "http://minio:9000")));
  for (const other of [nameOf("s3://pond/a", [], "http://minio:9000"), nameOf("s3://lake/a"), PAIR]) {
    assert.ok(!isSameTarget(bucket, other), other);
  }
  assert.ok(!isSameTarget(nameOf("s3://lake/a", [], ONE), nameOf("/a", [ONE])));
  assert.ok(isSameTarget(nameOf("file:///a"), nameOf("file:///b/%Y")));
});
