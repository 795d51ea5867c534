import assert from "node:assert/strict";
import { ownHost } from "../../../plugins/_escapes/own_host.ts";

Deno.test("own host: name and address are told without the DNS", async () => {
  const { name, address, fqdn } = await ownHost(["%[localhost]/%[IP]"]);
  assert.equal(name, Deno.hostname());
  assert.equal(fqdn, name);
  assert.ok(Deno.networkInterfaces().some((one) => one.address === address));
});

Deno.test("own host: the full name is what the DNS has, or the name where it has none", async () => {
  const { fqdn } = await ownHost(["/a/%[fqdn]"]);
  assert.notEqual(fqdn, "");
});
