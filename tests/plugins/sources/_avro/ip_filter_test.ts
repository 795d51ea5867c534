import assert from "node:assert/strict";
import { IpFilter } from "../../../../plugins/sources/_avro/ip_filter.ts";
import { readToEnd, withAvroSource } from "./running.ts";

function lookUp(address: string): Promise<readonly string[]> {
  return address === "198.51.100.3"
    ? Promise.resolve(["db.example.org"])
    : Promise.reject(new Error("ENOTFOUND"));
}

const CASES: readonly {
  readonly rules: string;
  readonly allowed: readonly string[];
  readonly denied: readonly string[];
}[] = [
  {
    rules: "allow:ip:127.*,allow:name:localhost,deny:ip:*",
    allowed: ["127.0.0.1"],
    denied: ["192.0.2.7", "2001:db8::1"],
  },
  { rules: "deny:ip:192.0.2.?, allow:ip:*", allowed: ["192.0.2.10", "198.51.100.3"], denied: ["192.0.2.7"] },
  {
    rules: "allow:name:localhost,deny:ip:*",
    allowed: ["127.0.0.1", "::1", "::ffff:127.0.0.1"],
    denied: ["192.0.2.7"],
  },
  { rules: "deny:ip:10.1.0.0/16", allowed: ["10.2.0.1", "2001:db8::1"], denied: ["10.1.255.1"] },
  {
    rules: "allow:ip:2001:db8::/32,deny:ip:*",
    allowed: ["2001:db8:1::5"],
    denied: ["2001:db9::1", "10.0.0.1"],
  },
  {
    rules: "deny:name:*.EXAMPLE.org",
    allowed: ["198.51.100.4", "::ffff:198.51.100.4"],
    denied: ["198.51.100.3"],
  },
  {
    rules: "deny:ip:1.2.3.4",
    allowed: ["11.2.3.4", "1.2.3.45", "1a2b3c4"],
    denied: ["1.2.3.4", "::ffff:1.2.3.4"],
  },
];
for (const { rules, allowed, denied } of CASES) {
  Deno.test(`ipFilterRules ${rules} let in and keep out as Flume does: the first rule that fits decides`, async () => {
    const filter = new IpFilter(rules, lookUp);
    for (const address of allowed) assert.equal(await filter.accepts(address), true, address);
    for (const address of denied) assert.equal(await filter.accepts(address), false, address);
  });
}

Deno.test("ipFilterRules that are no rules are refused with what they should look like", () => {
  for (const rules of ["", "allow", "permit:ip:*", "allow:host:*", "allow:ip:", "allow:ip:*,"]) {
    assert.throws(
      () => new IpFilter(rules),
      /in ipFilterRules is not of the form allow\|deny:ip\|name:pattern/,
    );
  }
  assert.throws(
    () => new IpFilter("allow:ip:10.0.0.0/99"),
    /"10\.0\.0\.0\/99" in ipFilterRules is no network/,
  );
});

Deno.test("avro closes clients that ipFilterRules keep out, and counts them", async () => {
  const settings = { ipFilter: true, ipFilterRules: "deny:ip:127.0.0.1" };
  await withAvroSource(settings, async ({ run, connect }) => {
    assert.equal((await readToEnd(await connect())).length, 0);
    assert.equal(run.context.counters.get("ConnectionRefusedCount"), 1);
  });
});
