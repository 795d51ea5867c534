import assert from "node:assert/strict";
import { confText } from "../peers/conf_text.ts";
import { sendWithFlume, startFlume } from "../peers/flume/flume.ts";
import { countEvents, judgeArrival, readEvents } from "../peers/numbered_events.ts";
import { serverTest } from "../servers/mod.ts";
import { until } from "../support/until.ts";
import { Estate } from "./estate.ts";

const EVENTS = 5000;

serverTest(
  "flume",
  "a Flume agent between two of Sluice is not disturbed: events come once, with their own headers alone",
  async (env) => {
    await using estate = new Estate();
    const classpath = env.FLUME_CLASSPATH!;
    addEnds(estate);
    const conf = confText({
      ...estate.receiving("flume", "c"),
      "channels.c": { type: "memory", capacity: 10_000, transactionCapacity: 1000 },
      ...estate.sending("k", "c", "last"),
    });
    await estate.start("last");
    await using flume = await startFlume({ classpath, name: "a1", conf, folder: `${estate.folder}/flume` });
    await estate.start("first");
    await sendWithFlume(classpath, { port: estate.port("first"), origin: "x", events: EVENTS, batch: 250 });
    const folder = estate.output("last");
    await until("all to arrive", () => countEvents(folder) >= EVENTS, 30_000).catch(() => {});
    await flume.kill();
    await estate.stop();
    const clean = { events: EVENTS, lost: 0, repeated: 0, wrong: 0 };
    assert.deepEqual(judgeArrival(await readEvents(folder), "x", EVENTS), clean);
    assert.deepEqual(flume.saying(/^(WARN|ERROR) (?!FlumeConfiguration)/), []);
  },
);

/** The agents in front of Flume and behind it. */
function addEnds(estate: Estate): void {
  Deno.mkdirSync(estate.output("last"), { recursive: true });
  estate.add("first", {
    ...estate.receiving("first", "c"),
    ...estate.keeping("first", "c"),
    ...estate.sending("k", "c", "flume"),
  });
  estate.add("last", {
    ...estate.receiving("last", "c"),
    ...estate.keeping("last", "c"),
    "sinks.k": {
      type: "file_roll",
      "sink.directory": estate.output("last"),
      "sink.rollInterval": 0,
      "sink.serializer": "avro_event",
      channel: "c",
    },
  });
}
