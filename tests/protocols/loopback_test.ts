import assert from "node:assert/strict";
import { isLocalRequest, isLoopback } from "../../protocols/loopback.ts";

Deno.test("addresses and names of this machine alone are told from others", () => {
  const local = ["127.0.0.1", "127.255.3.9", "::1", "[::1]", "localhost", "LOCALHOST", "web.localhost"];
  for (const host of local) assert.ok(isLoopback(host), host);
  for (const host of ["0.0.0.0", "10.0.0.1", "::", "127.0.0.1.example.org", "notlocalhost", ""]) {
    assert.ok(!isLoopback(host), host);
  }
});

Deno.test("request is local when its host is, whatever the port; a name that was allowed is, too", () => {
  for (const host of ["localhost", "localhost:9414", "127.0.0.1:80", "[::1]:9414", "Metrics.Example.org:1"]) {
    assert.ok(isLocalRequest(host, ["metrics.example.org"]), host);
  }
  for (
    const host of [
      null,
      "",
      "evil.example",
      "evil.example:9414",
      "localhost.evil.example",
      "127.0.0.1@evil",
      "a b",
    ]
  ) {
    assert.ok(!isLocalRequest(host), String(host));
  }
});
