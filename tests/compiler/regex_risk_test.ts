import assert from "node:assert/strict";
import { riskOf } from "../../compiler/regex_risk.ts";

const RISKY: readonly (readonly [string, string])[] = [
  ["(a+)+b", "exponential"],
  ["^(\\w+\\s?)*$", "exponential"],
  ["(x+x+)+y", "exponential"],
  ["(a|a)*", "exponential"],
  ["(\\w|\\d)+$", "exponential"],
  ["(?:a+|b+)+c", "exponential"],
  ["([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+", "exponential"],
  [".*.*.*.*x", "polynomial"],
];
const HARMLESS = [
  '^(\\S+) (\\S+) \\[([^\\]]+)\\] "([^"]*)" (\\d{3}) (\\d+)',
  "(?:\\d{1,3}\\.){3}\\d{1,3}",
  "(?:\\w+\\.)+com",
  "([a-z]+,)*",
  "(a|b)*",
  "(.|\\n)*",
  "(?:[A-Z]+ )*x",
  "^(?:[^|]*\\|){3}([^|]*)",
  "(?:ERROR|WARN)+.*",
  "not ( a regex",
];

for (const [source, growth] of RISKY) {
  Deno.test(`the expression ${source} is found to take ${growth} time`, () => {
    assert.equal(riskOf(source)?.growth, growth);
  });
}
for (const source of HARMLESS) {
  Deno.test(`the expression ${source} is found harmless`, () => assert.equal(riskOf(source), undefined));
}

Deno.test("backreferences and lookaheads leave a risky expression without a linear way", () => {
  assert.equal(riskOf("(a+)+b")?.hasLinearWay, true);
  assert.equal(riskOf("(?=b)(a+)+b")?.hasLinearWay, false);
  assert.equal(riskOf("(a+)+\\1")?.hasLinearWay, false);
});
