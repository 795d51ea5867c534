import assert from "node:assert/strict";
import type { WebHdfsClient } from "../../../protocols/hadoop/webhdfs.ts";
import { putFile } from "../../support/hdfs.ts";
import type { GateTest } from "./hdfs_ground.ts";
import { type Refusal, refuses } from "./hdfs_refusals.ts";

const MANY = new Uint8Array(20_000_000).fill(120);

interface Case extends Refusal {
  readonly what: (client: WebHdfsClient, folder: string) => Promise<unknown>;
}

const lasting = (exception: string | RegExp, what: Case["what"]): Case => ({
  exception,
  what,
  canRetry: false,
});
const put = (client: WebHdfsClient, path: string, overwrite = false) =>
  putFile(client, path, { content: MANY, overwrite });

const cases: Record<string, Case> = {
  "a file that is there": lasting(
    "FileAlreadyExistsException",
    (client, folder) => put(client, `${folder}/f`),
  ),
  "a file in place of a folder": lasting(
    "FileAlreadyExistsException",
    (client, folder) => put(client, folder, true),
  ),
  "a file under a file": lasting(
    "ParentNotDirectoryException",
    (client, folder) => put(client, `${folder}/f/g`),
  ),
  "a folder under a file": lasting(
    "ParentNotDirectoryException",
    (client, folder) => client.mkdirs(`${folder}/f/g`),
  ),
  "a name with a colon": lasting(
    /InvalidPath|IllegalArgument/,
    (client, folder) => put(client, `${folder}/a:b`),
  ),
  "to extend what is not there": lasting(
    "FileNotFoundException",
    (client, folder) => client.append(`${folder}/no`, MANY),
  ),
  "to cut what is not there": lasting(
    "FileNotFoundException",
    (client, folder) => client.truncate(`${folder}/no`, 0),
  ),
  "to read what is not there": lasting(
    "FileNotFoundException",
    (client, folder) => client.open(`${folder}/no`),
  ),
  "to cut a file to more than it has": lasting(
    /IllegalArgumentException$/,
    (client, folder) => client.truncate(`${folder}/f`, 99),
  ),
  "to remove a folder that holds something": lasting(
    "PathIsNotEmptyDirectoryException",
    (client, folder) => client.remove(folder),
  ),
};

/** What HDFS refuses, and how that is told. */
export function declareLimitTests(gateTest: GateTest): void {
  for (const [title, { what, ...refusal }] of Object.entries(cases)) {
    gateTest(`says that it is refused ${title}`, async ({ client, folder }) => {
      await putFile(client, `${folder}/f`, { content: "here" });
      await refuses(what(client, folder), { ...refusal, text: new RegExp(folder) });
    });
  }
  declareRightTests(gateTest);
  declareQuotaTests(gateTest);
  declareTokenTests(gateTest);
}

function declareRightTests(gateTest: GateTest): void {
  gateTest("says who may not write where", async ({ client, folder, connect }) => {
    await putFile(client, `${folder}/f`, { content: "here" });
    const refusal = {
      exception: "AccessControlException",
      text: /user=mallory, access=WRITE.*let this user/,
      canRetry: false,
    };
    for (const mallory of [connect({ user: "mallory" }), connect({ doAs: "mallory" })]) {
      await refuses(put(mallory, `${folder}/g`), refusal);
      await refuses(mallory.append(`${folder}/f`, MANY), refusal);
      await refuses(mallory.rename(`${folder}/f`, `${folder}/g`), refusal);
    }
    const imposter = connect({ user: "mallory", doAs: "root" });
    await refuses(imposter.status("/"), { exception: /^(AuthorizationException|Http403)$/, canRetry: false });
  });

  gateTest("says that the NameNode is in safe mode, which ends", async ({ client, folder, cli }) => {
    await putFile(client, `${folder}/f`, { content: "here" });
    await cli("dfsadmin", "-safemode", "enter");
    try {
      const refusal = { exception: "SafeModeException", canRetry: true, isOutcomeUnknown: false };
      await refuses(put(client, `${folder}/g`), refusal);
      await refuses(client.append(`${folder}/f`, MANY), refusal);
      await refuses(client.truncate(`${folder}/f`, 1), refusal);
      await refuses(client.rename(`${folder}/f`, `${folder}/g`), refusal);
      assert.equal((await client.status(`${folder}/f`))?.length, 4);
    } finally {
      await cli("dfsadmin", "-safemode", "leave");
    }
    await put(client, `${folder}/g`);
  });
}

function declareQuotaTests(gateTest: GateTest): void {
  gateTest(
    "says in the middle of a file that there is no more room for it",
    async ({ client, folder, cli }) => {
      await cli("dfsadmin", "-setSpaceQuota", "5000000", folder);
      const refusal = {
        exception: "DSQuotaExceededException",
        text: /quota of .* is exceeded.*setSpaceQuota/,
        canRetry: true,
      };
      const output = await client.create(`${folder}/f`, { overwrite: true, blockBytes: 1048576 });
      const writing = (async () => {
        for (let count = 0; count < 50; count++) await output.write(MANY.subarray(0, 500_000));
        await output.close();
      })();
      await refuses(writing, refusal);
      await cli("dfsadmin", "-clrSpaceQuota", folder);
      await put(client, `${folder}/f`, true);
      assert.equal((await client.status(`${folder}/f`))?.length, MANY.length);
    },
  );

  gateTest("says that a folder may not hold more files", async ({ client, folder, cli }) => {
    await cli("dfsadmin", "-setQuota", "2", folder);
    await put(client, `${folder}/f`);
    await refuses(put(client, `${folder}/g`), {
      exception: "NSQuotaExceededException",
      text: /setQuota/,
      canRetry: true,
    });
  });
}

function declareTokenTests(gateTest: GateTest): void {
  // HDFS itself looks at tokens only where Kerberos is on.
  gateTest(
    "writes with a delegation token, until it is taken back",
    async ({ client, folder, connect, token }) => {
      const given = await token("GET");
      const bearer = connect({ user: undefined, delegationToken: given });
      await putFile(bearer, `${folder}/f`, { content: "by token" });
      assert.equal((await client.status(`${folder}/f`))?.length, 8);
      await token("CANCEL", given);
      const cause = await refuses(put(bearer, `${folder}/g`), { exception: "InvalidToken", canRetry: false });
      assert(!Deno.inspect(cause, { depth: 9 }).includes(given), cause.message);
    },
    ["HDFS_HTTPFS"],
  );
}
