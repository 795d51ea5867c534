import { sharedServerTest } from "../../servers/mod.ts";
import { gateTests } from "./hdfs_ground.ts";
import { declareFileTests } from "./webhdfs_files.ts";
import { declareLimitTests } from "./webhdfs_limits.ts";

const gateTest = gateTests(sharedServerTest("hdfs", { HDFS_HTTPFS: "1" }));

declareFileTests(gateTest);
declareLimitTests(gateTest);
