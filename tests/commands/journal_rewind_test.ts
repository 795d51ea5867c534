import assert from "node:assert/strict";
import { Journal, makeSeal, parseKeyFile } from "../../journal/mod.ts";
import { exported, journal, journalIn, makeJournal, range, run } from "./_journal.ts";
import { folderWith } from "./_program.ts";

const PLACES: readonly { readonly to: string; readonly cursor: number }[] = [
  { to: "earliest", cursor: 0 },
  { to: "7", cursor: 7 },
  { to: "end", cursor: 36 },
  { to: "2026-11-21T00:09Z", cursor: 27 },
  { to: "2026-11-21T02:09:30+02:00", cursor: 30 },
  { to: "2026-01-01", cursor: 0 },
  { to: "2099-01-01", cursor: 36 },
];

Deno.test("journal rewind moves a channel to a sequence or a time, and no other", async () => {
  await using made = await journal();
  for (const { to, cursor } of PLACES) {
    const { stdout } = await run(0, "rewind", "--channel", "c1", "--to", to, made.folder);
    const events = 36 - cursor;
    assert.match(
      stdout,
      new RegExp(`^Channel "c1" moved from sequence \\d+ to ${cursor}: ${events} events? to deliver\n$`),
    );
  }
  await run(0, "rewind", "--channel", "c1", "--to", "5", made.folder);
  assert.deepEqual(await exported("--channel", "c1", made.folder), range(5, 36));
  assert.deepEqual(await exported("--channel", "c2", made.folder), range(18, 36));
});

/** Opens a journal as an agent does that keeps nothing of what is delivered. */
async function forgetDelivered(folder: string): Promise<void> {
  const { retention: _kept, ...options } = journalIn(folder);
  await (await Journal.open(options)).close();
}

Deno.test("journal rewind to what is no longer kept says the oldest that is, and names retention", async () => {
  await using made = await journal();
  await run(0, "rewind", "--channel", "c1", "--to", "20", made.folder);
  await run(0, "rewind", "--channel", "c2", "--to", "20", made.folder);
  await forgetDelivered(made.folder);
  for (const to of ["17", "2026-11-21T00:05Z"]) {
    const { stderr } = await run(3, "rewind", "--channel", "c1", "--to", to, made.folder);
    assert.match(
      stderr,
      /^error: Cannot move to .*: the oldest event kept is sequence 18, put at 2026-11-21T00:06:00.000Z or later\n/,
    );
    assert.match(stderr, /\n {2}fix: write earliest; .* `retention` of the channel\n$/);
  }
  assert.match(
    (await run(0, "rewind", "--channel", "c1", "--to", "earliest", made.folder)).stdout,
    /20 to 18: 18 events/,
  );
});

const FAULTS: readonly { readonly args: readonly string[]; readonly code: number; readonly says: RegExp }[] =
  [
    {
      args: ["rewind"],
      code: 2,
      says: /rewind needs a channel and a place\n {2}fix: write for example: sluice journal rewind/,
    },
    {
      args: ["rewind", "--channel", "c9", "--to", "0"],
      code: 2,
      says: /no channel "c9"\n {2}fix: write one of "c1", "c2"\n/,
    },
    {
      args: ["rewind", "--channel", "c1", "--to", "soon"],
      code: 2,
      says: /--to cannot be "soon"\n {2}fix: write earliest, end/,
    },
    {
      args: ["rewind", "--channel", "c1", "--to", "2026-02-30"],
      code: 2,
      says: /--to cannot be "2026-02-30"/,
    },
    {
      args: ["rewind", "--channel", "c1", "--to", "37"],
      code: 3,
      says: /Cannot move to sequence 37: the journal ends at 36/,
    },
    { args: ["export", "--channel", "c9"], code: 2, says: /no channel "c9"/ },
    {
      args: ["export", "--format", "xml"],
      code: 2,
      says: /--format cannot be "xml"\n {2}fix: write one of json, text, avro/,
    },
    {
      args: ["mend"],
      code: 2,
      says: /There is no "journal mend"\n {2}fix: write one of inspect, verify, export/,
    },
    { args: ["inspect", "--key-file", "/nowhere"], code: 3, says: /Cannot read the key file "\/nowhere"/ },
  ];

Deno.test("journal says what is wrong with a command line, and how to write it", async () => {
  await using made = await journal();
  for (const { args, code, says } of FAULTS) {
    assert.match((await run(code, ...args, made.folder)).stderr, says);
  }
  const { stderr } = await run(3, "inspect", `${made.root}/nothing`);
  assert.match(stderr, /There is no ".*nothing"\n {2}fix: name the folder of a journal, or a pipeline file/);
  assert.match(
    (await run(3, "inspect", made.root)).stderr,
    /There is no journal in ".*": no file is named like a segment/,
  );
});

const KEYS = `2026 ${"00112233".repeat(8)}\n`;

Deno.test("journal that is encrypted is looked into only with its keys", async () => {
  await using files = await folderWith({ keys: KEYS, others: KEYS.replace("00", "ff") });
  const seal = makeSeal({ compression: "zstd", keys: parseKeyFile(KEYS, "keys") })!;
  await using made = await journal({ seal });
  assert.match((await run(0, "inspect", made.folder)).stdout, / c1 .* 32 /);
  assert.match(
    (await run(0, "verify", made.folder)).stdout,
    /^12 frames encrypted: give --key-file to look inside\n.*no faults\n$/,
  );
  await run(0, "verify", "--key-file", `${files.path}/keys`, made.folder);
  assert.deepEqual(await exported("--key-file", `${files.path}/keys`, made.folder), range(4, 36));
  assert.match((await run(3, "export", made.folder)).stderr, /encrypted with key id .* not at hand/);
  const wrong = await run(1, "verify", "--key-file", `${files.path}/others`, made.folder);
  assert.match(wrong.stdout, /damaged-body: Cannot open the frame .* Key "2026" does not open the payload/);
  assert.match(wrong.stdout, /: 12 faults\n$/);
  await run(0, "rewind", "--channel", "c1", "--to", "0", "--key-file", `${files.path}/keys`, made.folder);
});

/** A pipeline whose channels name folders. */
function pipeline(channels: Readonly<Record<string, string>>): string {
  const names = Object.keys(channels);
  return JSON.stringify({
    source: { type: "seq", channels: names },
    channels: Object.fromEntries(names.map((name) => [name, { type: "file", dataDirs: channels[name] }])),
    sinks: Object.fromEntries(names.map((name) => [`to_${name}`, { type: "null", channel: name }])),
  });
}

Deno.test("journal of a pipeline file is the one that its file channels name", async () => {
  await using files = await folderWith({});
  const [one, other] = [`${files.path}/one`, `${files.path}/other`];
  await makeJournal(one);
  await makeJournal(other);
  await Deno.writeTextFile(`${files.path}/p.yaml`, pipeline({ c1: one, c2: one }));
  await Deno.writeTextFile(`${files.path}/q.yaml`, pipeline({ c1: one, c2: other }));
  await Deno.writeTextFile(`${files.path}/r.yaml`, "source: { type: stdin }\nsink: { type: stdout }\n");
  assert.deepEqual(await exported("--channel", "c2", `${files.path}/p.yaml`), range(18, 36));
  assert.ok((await run(0, "inspect", `${files.path}/p.yaml`)).stdout.includes(one));
  assert.ok((await run(0, "inspect", "--channel", "c2", `${files.path}/q.yaml`)).stdout.includes(other));
  const two = await run(2, "inspect", `${files.path}/q.yaml`);
  assert.match(
    two.stderr,
    /The channels "c1", "c2" lie in 2 journals\n {2}fix: name one of them: --channel NAME\n/,
  );
  assert.match((await run(2, "inspect", `${files.path}/r.yaml`)).stderr, /has no channel on disk/);
  await Deno.writeTextFile(`${files.path}/p.yaml`, pipeline({ c1: `${files.path}/none` }));
  for (const args of [["inspect"], ["repair"], ["rewind", "--channel", "c1", "--to", "0"]]) {
    const { stderr } = await run(3, ...args, `${files.path}/p.yaml`);
    assert.match(stderr, /There is no journal in ".*none": no file is named like a segment/);
  }
  await assert.rejects(Deno.stat(`${files.path}/none`), Deno.errors.NotFound);
  await Deno.writeTextFile(`${files.path}/r.yaml`, "source: { type: sdtin }\n");
  assert.match((await run(1, "inspect", `${files.path}/r.yaml`)).stderr, /did you mean "stdin"/);
});

Deno.test("journal drop gives up a channel with its events, and leaves the others as they are", async () => {
  await using made = await journal();
  const { stdout } = await run(0, "drop", "--channel", "c2", made.folder);
  assert.equal(stdout, 'Channel "c2" given up with 18 undelivered events\n');
  assert.deepEqual(await exported("--channel", "c1", made.folder), range(4, 36));
  assert.match((await run(2, "drop", "--channel", "c2", made.folder)).stderr, /no channel "c2"/);
  assert.match((await run(2, "drop", made.folder)).stderr, /drop needs a channel/);
});
