import assert from "node:assert/strict";
import { DeliveryError, errorText, EventBatch, systemClock } from "sluice/plugin";
import irc from "../../../plugins/sinks/irc.ts";
import { serverTest } from "../../servers/mod.ts";
import { until } from "../../support/until.ts";
import { Listener, makeSink, type Script, ScriptedServer, usual } from "./_irc/server.ts";

const WIRE = new URL("../../data/flume/wire/", import.meta.url);

function eventsOf(...bodies: string[]): EventBatch {
  return EventBatch.from(bodies.map((body) => ({ body })));
}

function isRefused(expected: RegExp) {
  return (cause: unknown) => {
    assert.ok(cause instanceof DeliveryError);
    assert.match(errorText(cause), expected);
    return true;
  };
}

Deno.test("irc sink sends what Flume's sent, byte for byte", async () => {
  const [expected, answer] = await Promise.all(
    ["c2s", "s2c"].map((way) => Deno.readFile(new URL(`sink-irc.${way}.bin`, WIRE))),
  );
  const answerText = new TextDecoder().decode(answer).trimEnd();
  using server = new ScriptedServer((line, say) => line.startsWith("join") && say(answerText));
  // This server does not answer to join, which is waited for.
  const hurried = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 30, signal),
  };
  const sink = await makeSink({ port: server.port }, { clock: hurried });
  const numbers = Array.from({ length: 12 }, (_, number) => String(number));
  await sink.write(eventsOf(...numbers.slice(0, 4)));
  await sink.write(eventsOf(...numbers.slice(4)));
  await sink.close();
  await until("all bytes", () => server.bytes.length >= expected!.length);
  assert.equal(new TextDecoder().decode(Uint8Array.from(server.bytes)), new TextDecoder().decode(expected));
});

Deno.test("irc sink names user, real name and password where they are set", async () => {
  using server = new ScriptedServer(usual);
  const sink = await makeSink({
    port: server.port,
    user: "agent",
    name: "Log agent",
    password: "s3cret pass",
  });
  await sink.write(eventsOf("hello"));
  await sink.close();
  assert.deepEqual(server.lines.slice(0, 5), [
    "PASS s3cret pass",
    "NICK flume",
    "USER agent /127.0.0.1 127.0.0.1 :Log agent",
    "join #logs",
    "PRIVMSG #logs :hello",
  ]);
});

Deno.test("irc sink has delivered only when the server has answered behind the lines", async () => {
  let answer = () => {};
  using server = new ScriptedServer((line, say) => {
    if (line.startsWith("PING")) answer = () => usual(line, say);
    else usual(line, say);
  });
  const sink = await makeSink({ port: server.port });
  let isDelivered = false;
  const writing = sink.write(eventsOf("one", "two")).then(() => isDelivered = true);
  await until("the question", () => server.lines.at(-1)?.startsWith("PING") ?? false);
  assert.deepEqual(server.lines.slice(-3, -1), ["PRIVMSG #logs :one", "PRIVMSG #logs :two"]);
  assert.ok(!isDelivered);
  answer();
  await writing;
  await sink.close();
});

Deno.test("irc sink says the same events again over a new connection, when the old one broke before the answer", async () => {
  using server = new ScriptedServer((line, say) => {
    if (line.startsWith("PING") && server.connections === 1) server.hangUp();
    else usual(line, say);
  });
  const sink = await makeSink({ port: server.port });
  await assert.rejects(
    sink.write(eventsOf("one")),
    isRefused(/127\.0\.0\.1 has closed the connection|broke/),
  );
  await sink.write(eventsOf("one"));
  await sink.close();
  assert.equal(server.connections, 2);
  assert.equal(server.lines.filter((line) => line === "PRIVMSG #logs :one").length, 2);
});

Deno.test("irc sink answers to PING, also while nothing is said", async () => {
  using server = new ScriptedServer(usual);
  const sink = await makeSink({ port: server.port });
  await sink.write(eventsOf("hello"));
  await server.say("PING :are.you.there");
  await until("the answer", () => server.lines.includes("PONG :are.you.there"));
  await sink.close();
});

Deno.test("irc sink joins again, when the first time was too early", async () => {
  let joins = 0;
  const script: Script = (line, say) => {
    if (line.startsWith("join") && joins++ === 0) {
      say(":irc.test 451 * :Connection not registered");
      say(":irc.test 001 flume :Welcome");
    } else if (!line.startsWith("USER")) usual(line, say);
  };
  using server = new ScriptedServer(script);
  const sink = await makeSink({ port: server.port });
  await sink.write(eventsOf("hello"));
  await sink.close();
  assert.deepEqual(server.lines.slice(2, 5), ["join #logs", "join #logs", "PRIVMSG #logs :hello"]);
});

for (
  const [what, answer, expected] of [
    [
      "it is banned",
      { join: ":irc.test 474 flume #logs :Cannot join channel (+b)" },
      /474 "#logs Cannot join channel/,
    ],
    ["the password is wrong", { NICK: ":irc.test 464 * :Bad password" }, /464 "Bad password"/],
    ["it may not speak", { PRIVMSG: ":irc.test 404 flume #logs :Cannot send" }, /404 "#logs Cannot send"/],
    ["it is thrown out", { PRIVMSG: ":op!o@h KICK #logs flume :quiet please" }, /KICK "flume quiet please"/],
    [
      "the server ends",
      { PRIVMSG: "ERROR :Closing Link: Excess Flood" },
      /ERROR "Closing Link: Excess Flood"/,
    ],
    [
      "every nick is taken",
      { NICK: ":irc.test 433 * flume :Nickname is already in use" },
      /433 "flume Nickname/,
    ],
  ] as const
) {
  Deno.test(`irc sink has not delivered, and says why, when ${what}`, async () => {
    using server = new ScriptedServer((line, say) => {
      const said = Object.entries(answer).find(([word]) => line.startsWith(word));
      if (said) say(said[1]);
      else if (!(what === "every nick is taken" && line.startsWith("USER"))) usual(line, say);
    });
    const sink = await makeSink({ port: server.port });
    await assert.rejects(sink.write(eventsOf("hello")), isRefused(expected));
    await sink.close();
  });
}

Deno.test("irc sink gives up on a server that does not let it in, or does not answer, in time", async () => {
  using silent = new ScriptedServer(() => {});
  const first = await makeSink({ port: silent.port, connectTimeout: "30ms" });
  await assert.rejects(first.write(eventsOf("hello")), isRefused(/has not let "flume" in within 30 ms/));
  using deaf = new ScriptedServer((line, say) => line.startsWith("PING") || usual(line, say));
  const second = await makeSink({ port: deaf.port, requestTimeout: "30ms" });
  await assert.rejects(second.write(eventsOf("hello")), isRefused(/has not answered within 30 ms/));
});

Deno.test("irc sink says lines at the pace that is set", async () => {
  using server = new ScriptedServer(usual);
  const sink = await makeSink({ port: server.port, linesPerSecond: 50 });
  const startMs = performance.now();
  await sink.write(eventsOf(..."abcde"));
  assert.ok(performance.now() - startMs >= 95);
  await sink.close();
});

Deno.test("irc sink keeps the words of its settings from being commands", () => {
  const usualSettings = { nick: "flume", chan: "logs" };
  for (
    const odd of [{ nick: "a b" }, { chan: "logs\r\nQUIT" }, { user: "x:y" }, { name: "a\nb" }, {
      password: "a\rb",
    }, { chan: "" }]
  ) {
    const settings = { ...usualSettings, ...odd } as unknown as Parameters<typeof irc.check & object>[0];
    assert.equal(irc.check!(settings).length, 1, JSON.stringify(odd));
  }
  assert.deepEqual(irc.check!(usualSettings as unknown as Parameters<typeof irc.check & object>[0]), []);
});

serverTest(
  "ngircd",
  "irc sink says whole bodies to a real server, over TLS and under another nick where its own is taken",
  async (env) => {
    const port = Number(env.NGIRCD_PORT);
    using listener = await Listener.join(port, "#logs");
    const long = "Überfällige_Bücher:".repeat(60);
    const plain = await makeSink({ port, splitlines: true });
    await plain.write(eventsOf("first", "two\nlines", "", long, "quiet\r\nQUIT :bye\0", "\n\n", "last"));
    const safe = await makeSink({ port: Number(env.NGIRCD_TLS_PORT), ssl: true, caFile: env.NGIRCD_TLS_CA });
    await safe.write(eventsOf("in secret"));
    await until("the last line", () => listener.heard.at(-1) === "flume_: in secret");
    const said = listener.heard.slice(0, -1).map((line) => line.slice("flume: ".length));
    assert.deepEqual(said.slice(0, 3), ["first", "two", "lines"]);
    // This server takes blanks off the end of a line.
    assert.deepEqual(said.slice(-3), ["quiet", "QUIT :bye", "last"]);
    assert.equal(said.slice(3, -3).join(""), long);
    for (const sink of [plain, safe]) await sink.close();
  },
);
