import assert from "node:assert/strict";
import fc from "fast-check";
import { Pattern } from "sluice/plugin";
import { parseReply } from "../../../../plugins/sinks/_irc/reply.ts";
import { cut, linesOf } from "../../../../plugins/sinks/_irc/sayings.ts";

const SEED = Deno.env.get("PROPERTY_SEED");
const FUZZ_RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 500);
const OPTIONS = { numRuns: FUZZ_RUNS, ...SEED === undefined ? {} : { seed: Number(SEED) } };
const TEXT = fc.string({ unit: "binary", maxLength: 100 });

Deno.test("lines are cut into whole characters that fit, and nothing is lost", () => {
  fc.assert(
    fc.property(TEXT, fc.integer({ min: 4, max: 30 }), (text, maxBytes) => {
      const pieces = cut(text, maxBytes);
      assert.ok(pieces.every(({ length }) => length > 0 && length <= maxBytes));
      const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      assert.equal(pieces.map((piece) => strict.decode(piece)).join(""), text);
    }),
    OPTIONS,
  );
});

Deno.test("no body holds a command", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("\r", "\n", "\0", "QUIT", " ", "ü")).map((parts) => parts.join("")),
      (body) => {
        for (const separator of [undefined, new Pattern("\n"), new Pattern("[ü\r]")]) {
          for (const line of linesOf(body, separator)) assert.match(line, /^[^\r\n\0]+$/);
        }
      },
    ),
    OPTIONS,
  );
});

for (
  const [body, separator, lines] of [
    ["one\ntwo", undefined, ["one two"]],
    ["one\r\ntwo\n", "\n", ["one ", "two"]],
    ["a|b||c|", "\\|", ["a", "b", "c"]],
    ["", "\n", []],
    ["\n\n", undefined, [" "]],
  ] as const
) {
  Deno.test(`body ${JSON.stringify(body)} is said in ${lines.length} lines, separated by ${separator}`, () => {
    assert.deepEqual(linesOf(body, separator === undefined ? undefined : new Pattern(separator)), lines);
  });
}

for (
  const [line, prefix, command, params] of [
    [":irc.test 001 flume :Welcome to IRC", "irc.test", "001", ["flume", "Welcome to IRC"]],
    ["PING :token", "", "PING", ["token"]],
    ["ping token", "", "PING", ["token"]],
    [":a!b@c JOIN #logs", "a!b@c", "JOIN", ["#logs"]],
    [":a!b@c PRIVMSG #logs :text with : colon", "a!b@c", "PRIVMSG", ["#logs", "text with : colon"]],
    ["@time=12 :irc.test PONG irc.test :", "irc.test", "PONG", ["irc.test", ""]],
    [":irc.test 366 flume #logs :End", "irc.test", "366", ["flume", "#logs", "End"]],
    ["", "", "", []],
    [":only.prefix", "", ":ONLY.PREFIX", []],
  ] as const
) {
  Deno.test(`reply ${JSON.stringify(line)} is taken apart`, () => {
    assert.deepEqual(parseReply(line), { prefix, command, params });
  });
}
