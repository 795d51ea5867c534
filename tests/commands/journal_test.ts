import assert from "node:assert/strict";
import { Journal } from "../../journal/mod.ts";
import { flipByte } from "../journal/_image.ts";
import { exported, IN_PAYLOAD, journal, journalIn, lines, look, range, run, segmentsIn } from "./_journal.ts";
import { sluice } from "./_program.ts";

Deno.test("journal inspect shows segments, channels, positions and the checkpoint", async () => {
  await using made = await journal();
  const { stdout } = await look(0, made.folder, "inspect");
  const rows = lines(stdout).map((line) => line.trim().split(/ {2,}/));
  const row = (first: string) => rows.find(([word]) => word === first);
  assert.match(rows[0]![0]!, /^Journal [0-9a-f]{16}, format 1, not in use$/);
  const [, folder, , ...counts] = row("00000000000000000009.seg")!;
  assert.equal(folder, made.folder);
  assert.deepEqual(counts, ["9", "17", "2026-11-21T00:03:00.000Z", "2026-11-21T00:05:00.000Z", "8", "9"]);
  assert.deepEqual(row("c1")!.slice(0, 5), ["c1", "0", "0", "4", "32"]);
  assert.deepEqual(row("c2")!.slice(0, 5), ["c2", "1", "0", "18", "18"]);
  assert.deepEqual(row("in"), ["in", '{"access.log":36}']);
  assert.match(stdout, /Checkpoint\n.*: up to sequence 36, segment number 3, byte \d+/);
});

Deno.test("journal inspect --json says the same for a program", async () => {
  await using made = await journal();
  const { stdout } = await look(0, made.folder, "inspect", "--json");
  const { formatVersion, inUseBy, segments, channels, positions, checkpoint, faults } = JSON.parse(stdout);
  assert.deepEqual([formatVersion, inUseBy, faults], [1, null, []]);
  assert.deepEqual(segments.map(({ firstSequence }: { firstSequence: number }) => firstSequence), [
    0,
    9,
    18,
    27,
  ]);
  assert.deepEqual(channels[0], {
    name: "c1",
    id: 0,
    epoch: 0,
    cursor: 4,
    undeliveredEvents: 32,
    undeliveredBytes: channels[0].undeliveredBytes,
  });
  assert.deepEqual(positions, { in: { "access.log": 36 } });
  assert.equal(checkpoint.sequence, 36);
});

Deno.test("journal that is in use is shown with its holder, and can be verified and exported", async () => {
  await using made = await journal();
  const held = await Journal.open(journalIn(made.folder));
  try {
    assert.match(
      (await run(0, "inspect", made.folder)).stdout,
      new RegExp(`in use by process ${Deno.pid}\n`),
    );
    assert.match((await run(0, "verify", made.folder)).stdout, /^In use by process.*\n.*no faults\n$/);
    assert.deepEqual(await exported("--channel", "c2", made.folder), range(18, 36));
    for (
      const args of [["repair"], ["repair", "--to", `${made.root}/new`], [
        "rewind",
        "--channel",
        "c1",
        "--to",
        "0",
      ]]
    ) {
      const { stderr } = await run(3, ...args, made.folder);
      assert.match(stderr, new RegExp(`in use by process ${Deno.pid}\n  fix: stop`));
    }
  } finally {
    await held.close();
  }
});

Deno.test("journal verify reports every fault with file and byte, and ends with 1", async () => {
  await using made = await journal();
  const [first, second, , last] = await segmentsIn(made.folder);
  const [body, head, torn] = [first!.frames[1]!, second!.frames[0]!, last!.frames.at(-1)!];
  await flipByte(first!.path, body.offset + IN_PAYLOAD);
  await flipByte(second!.path, head.offset + 20);
  await Deno.truncate(last!.path, torn.offset + 70);
  const { stdout } = await look(1, made.folder, "verify");
  assert.deepEqual(lines(stdout).slice(0, -1).map((line) => line.replace(/: [^/]*$/, "")), [
    `${first!.path}:${body.offset} damaged-body`,
    `${second!.path}:${head.offset} damaged-head`,
    `${last!.path}:${torn.offset} torn-tail`,
    `${last!.path}:0 missing-segment`,
  ]);
  assert.match(stdout, /events 3 to 5 are lost\n.*events 9 to 11 are lost\n/);
  assert.match(stdout, /4 segments, \d+ frames, 27 events, [\d,]+ bytes read: 4 faults\n$/);
  const { stdout: json } = await look(1, made.folder, "verify", "--json");
  assert.equal(JSON.parse(json).faults.length, 4);
});

Deno.test("journal verify finds a segment that is gone, and a foreign file is none", async () => {
  await using made = await journal();
  const segments = await segmentsIn(made.folder);
  await Deno.writeTextFile(`${made.folder}/README`, "mine");
  await look(0, made.folder, "verify");
  await Deno.remove(segments[1]!.path);
  const { stdout } = await look(1, made.folder, "verify");
  assert.match(stdout, new RegExp(`${segments[2]!.path}:0 missing-segment: .* events 9 to 17 are lost\n`));
});

Deno.test("journal export gives undelivered events in order, text as text and bytes as base64", async () => {
  await using made = await journal();
  const { stdout, stderr } = await look(0, made.folder, "export");
  const events = lines(stdout).map((line) => JSON.parse(line));
  assert.equal(stderr, "32 events exported\n");
  assert.deepEqual(events[1], {
    sequence: 5,
    time: "2026-11-21T00:01:00.000Z",
    channels: ["c1"],
    headers: { number: "5" },
    body: "event 5",
  });
  assert.deepEqual([events[3].body, events[3].bodyEncoding], ["/wA=", "base64"]);
  assert.deepEqual(events.at(-1).channels, ["c1", "c2"]);
});

const EXPORTS: readonly { readonly args: readonly string[]; readonly events: readonly number[] }[] = [
  { args: [], events: range(4, 36) },
  { args: ["--channel", "c2"], events: range(18, 36) },
  { args: ["--all"], events: range(0, 36) },
  { args: ["--all", "--channel", "c2"], events: range(0, 36) },
  { args: ["--from", "34"], events: [34, 35] },
  { args: ["--to", "6"], events: [4, 5] },
  { args: ["--all", "--from", "earliest", "--to", "2"], events: [0, 1] },
  { args: ["--from", "2026-11-21T00:10Z"], events: range(30, 36) },
  { args: ["--from", "2026-11-21T02:10+02:00", "--to", "2026-11-21 00:11Z"], events: [30, 31, 32] },
  { args: ["--from", "end"], events: [] },
];

Deno.test("journal export takes channels, sequences and times as limits", async () => {
  await using made = await journal();
  for (const { args, events } of EXPORTS) {
    assert.deepEqual(await exported(...args, made.folder), events, args.join(" "));
  }
});

Deno.test("journal export writes text and Avro, and never over a file", async () => {
  await using made = await journal();
  const text = await run(0, "export", "--format", "text", "--from", "35", made.folder);
  assert.equal(text.stdout, "event 35\n");
  const output = `${made.root}/events.avro`;
  await run(0, "export", "--format", "avro", "-o", output, made.folder);
  assert.equal(new TextDecoder().decode(await Deno.readFile(output)).slice(0, 3), "Obj");
  const { stderr } = await run(3, "export", "-o", output, made.folder);
  assert.match(stderr, /Cannot write ".*events.avro".*\n {2}fix: choose another name\n/);
});

Deno.test("journal export gives what is intact, and says what is not", async () => {
  await using made = await journal();
  const [, second] = await segmentsIn(made.folder);
  const { offset } = second!.frames[1]!;
  await flipByte(second!.path, offset + IN_PAYLOAD);
  const { stdout, stderr } = await look(1, made.folder, "export", "--channel", "c1");
  assert.deepEqual(lines(stdout).map((line) => JSON.parse(line).sequence), [
    ...range(4, 12),
    ...range(15, 36),
  ]);
  assert.match(stderr, new RegExp(`^${second!.path}:${offset} damaged-body: .*events 12 to 14 are lost\n`));
});

Deno.test("journal commands of the guide run", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/guide/journal.md", import.meta.url));
  const commands = Array.from(
    page.matchAll(/^sluice (journal [^#\n]+)/gm),
    ([, line]) => line!.trim().split(/ +/),
  );
  assert.ok(commands.length >= 10);
  await using made = await journal();
  for (const args of commands) {
    const { code, stderr } = await sluice(args, { cwd: made.root });
    assert.equal(code, 0, `${args.join(" ")}\n${stderr}`);
  }
});
