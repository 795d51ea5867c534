import assert from "node:assert/strict";
import { type CredentialFault, readCredentials } from "../../../plugins/_kafka/credentials.ts";

const PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule";
const SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule";

function read(mechanism: string | undefined, jaas?: string, more: Record<string, string> = {}) {
  return readCredentials({
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": mechanism,
    "sasl.jaas.config": jaas,
    "sasl.username": undefined,
    "sasl.password": undefined,
    ...more,
  });
}

function faultOf(mechanism: string | undefined, jaas?: string): string {
  const fault = read(mechanism, jaas) as CredentialFault;
  return `${fault.key}: ${fault.text}`;
}

Deno.test("kafka credentials are read from Java's login configuration, however it is quoted", () => {
  const cases: [string, string, string][] = [
    [`${SCRAM} required username="ada" password="p;w";`, "ada", "p;w"],
    [`${SCRAM} required\n  username='ada'\n  password="a \\"b\\" \\\\";`, "ada", 'a "b" \\'],
    [` ${SCRAM} REQUIRED serviceName=x password=plain username=ada `, "ada", "plain"],
    [`${SCRAM} required username="" password="";`, "", ""],
  ];
  for (const [jaas, username, password] of cases) {
    assert.deepEqual(read("scram-sha-512", jaas), { mechanism: "SCRAM-SHA-512", username, password }, jaas);
  }
});

Deno.test("kafka credentials may stand in fields of their own, and are not asked for without SASL", () => {
  const user = { "sasl.username": "ada", "sasl.password": "pw" };
  assert.deepEqual(read("PLAIN", undefined, user), { mechanism: "PLAIN", username: "ada", password: "pw" });
  assert.equal(read(undefined, undefined, { "security.protocol": "SSL" }), undefined);
});

Deno.test("kafka credentials that cannot work are explained without showing them", () => {
  const secret = "s3cr3t";
  const cases: [string, RegExp][] = [
    [faultOf(undefined), /security.protocol: .*GSSAPI \(Kerberos\)/],
    [faultOf("GSSAPI"), /Kerberos is not there/],
    [faultOf("OAUTHBEARER"), /OAuth/],
    [faultOf("AWS_MSK_IAM"), /"AWS_MSK_IAM" is not spoken/],
    [faultOf("PLAIN"), /needs a user name and a password/],
    [faultOf("PLAIN", `${PLAIN} required username="a";`), /needs a user name and a password/],
    [faultOf("PLAIN", `${SCRAM} required username="a" password="${secret}";`), /does not serve PLAIN/],
    [faultOf("PLAIN", `my.own.Module required password="${secret}";`), /my.own.Module cannot be run/],
    [faultOf("PLAIN", `${PLAIN} required username="a" password="${secret};`), /not in Java's form/],
    [faultOf("PLAIN", `username=a password=${secret}`), /not in Java's form/],
    [
      faultOf("SCRAM-SHA-256", `${SCRAM} required username="a" password="b" tokenauth="true";`),
      /delegation tokens/,
    ],
  ];
  for (const [text, expected] of cases) {
    assert.match(text, expected);
    assert.ok(!text.includes(secret), text);
  }
});
