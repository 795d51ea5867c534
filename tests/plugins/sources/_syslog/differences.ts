import type { GoldenCase, GoldenEvent } from "./golden.ts";

/** Where we do something else than Flume, and why: what our events are, given Flume's. */
export interface Difference {
  readonly reason: string;
  patch(events: readonly GoldenEvent[], golden: GoldenCase): readonly GoldenEvent[];
}

const FRACTION = /\d{4}-\d\d-\d\dT[\d:]{8}\.\d{1,9}(?:Z|[+-]\d\d:\d\d)?/;
const INVALID = { Facility: "0", Severity: "0", "flume.syslog.status": "Invalid" };

/** A difference that shows in these inputs only. */
function shown(reason: string, inputs: Readonly<Record<string, readonly GoldenEvent[]>>): Difference {
  return { reason, patch: (events, { chunks }) => inputs[chunks.join("")] ?? events };
}

function withHeaders(event: GoldenEvent, change: Readonly<Record<string, string | undefined>>): GoldenEvent {
  const headers = Object.entries({ ...event.headers, ...change }).filter((entry) => entry[1] !== undefined);
  return { ...event, headers: Object.fromEntries(headers) as Record<string, string> };
}

/** `syslogtcp` and `syslogudp`. */
export const SYSLOGTCP_DIFFERENCES: readonly Difference[] = [
  {
    reason: "Flume reads a fraction as a number of milliseconds, and leaves out the offset behind it",
    patch: (events, { chunks }) => {
      const [stamp] = FRACTION.exec(chunks.join("")) ?? [];
      if (stamp === undefined) return events;
      const timestamp = String(Date.parse(stamp.replace(/(\.\d{3})\d+/, "$1")));
      return events.map((event) =>
        event.headers.version === "1" && event.headers.timestamp ? withHeaders(event, { timestamp }) : event
      );
    },
  },
  {
    reason: "Flume keeps a host or time that is not known as the word null",
    patch: (events) => events.map((event) => ({ ...event, body: event.body.replaceAll("null", "-") })),
  },
  {
    reason: "Flume lets a line inherit priority and version from the one before it",
    patch: (events) =>
      events.map((event, index) =>
        index === 0 || event.headers.host
          ? event
          : withHeaders(event, { priority: undefined, version: undefined })
      ),
  },
  shown("some senders write more than six digits of a second", {
    "<34>1 2026-11-21T10:00:00.1234567Z h a - - - b\n": [{
      headers: {
        Facility: "4",
        Severity: "2",
        host: "h",
        priority: "34",
        timestamp: "1795255200123",
        version: "1",
      },
      body: "a - - - b",
    }],
  }),
  shown("Flume decodes UTF-8 and encodes it again, which spoils other bytes", {
    "<13>Nov 21 10:00:00 h gr\xfc\xdfe\n": [found("gr\xfc\xdfe")],
    "<13>Nov 21 10:00:00 h \xff\xfe\0\n": [found("\xff\xfe\0")],
  }),
  {
    reason: "Flume decodes UTF-8 and encodes it again, which spoils a character that is cut",
    patch: (events) =>
      events.map((event) => event.body === "\xef\xbf\xbd" ? { ...event, body: "\xc3" } : event),
  },
  shown("a newline in an unfinished priority does not end the line in Flume", {
    "<13\n": [{ headers: INVALID, body: "<13" }],
    "<\n": [{ headers: INVALID, body: "<" }],
    "<1\n": [{ headers: INVALID, body: "<1" }],
    "<1\n3>x": [{ headers: INVALID, body: "<1" }],
    "<\n<13>Nov 21 10:00:00 h b\n": [{ headers: INVALID, body: "<" }, found("b")],
    "<1\n<13>Nov 21 10:00:00 web-01 app[77]: user=anna action=login\n": [
      { headers: INVALID, body: "<1" },
      withHeaders(found("app[77]: user=anna action=login"), { host: "web-01" }),
    ],
  }),
  shown("a datagram that ends within the priority is no syslog", {
    "<": [{ headers: INVALID, body: "<" }],
    "<13": [{ headers: INVALID, body: "<13" }],
  }),
  {
    reason: "there is no room for a blank behind a version that was sent without one",
    patch: (events) =>
      events.map((event) => ({ ...event, body: event.body.replace("<13>7 Nov", "<13>7Nov") })),
  },
  {
    reason: "Java's calendar has no year 0, and Julian days before 1582",
    patch: (events) =>
      events.map((event) =>
        event.headers.timestamp === "-62170156800000"
          ? withHeaders(event, { timestamp: "-62169984000000" })
          : event
      ),
  },
  {
    reason: "a date in an own format without a year is one of 2000, not of 1970",
    patch: (events) =>
      events.map((event) =>
        event.headers.timestamp === "27990000000" ? withHeaders(event, { timestamp: "974761200000" }) : event
      ),
  },
];

function found(body: string): GoldenEvent {
  const headers = { Facility: "1", Severity: "5", host: "h", priority: "13", timestamp: "1795251600000" };
  return { headers, body };
}

/** `multiport_syslogtcp`; `timestamps` has the right times of lines whose year Flume does not guess. */
export function multiportDifferences(timestamps: ReadonlyMap<string, string>): readonly Difference[] {
  return [
    {
      reason: "Flume takes 1999 or 2001 for the year of a date that is more than a month away",
      patch: (events, { chunks, now }) => {
        // The parser that gave these times takes hosts in ASCII only.
        const timestamp = timestamps.get(`${now} ${chunks.join("").replaceAll("\xc3\xbc", "u")}`);
        return timestamp === undefined ? events : events.map((event) => withHeaders(event, { timestamp }));
      },
    },
    {
      reason: "the time of the test stands for the time at which a line came",
      patch: (events, { now }) =>
        events.map((event) =>
          event.headers.timestamp === "now" ? withHeaders(event, { timestamp: String(now) }) : event
        ),
    },
    {
      reason:
        "a date that does not exist, or one without its zone, makes Flume lose all that it has read with it",
      patch: (events, { chunks: [line = ""], thrown }) =>
        thrown && events.length === 0 && line.startsWith("<34>1")
          ? [{ headers: { "flume.syslog.status": "Invalid" }, body: line.trimEnd() }]
          : events,
    },
    shown("a sign or a year of five digits is no number of syslog", {
      "<+5>Nov 21 10:00:00 h b\n": invalid("<+5>Nov 21 10:00:00 h b"),
      "<34>12026-11-21T10:00:00Z h b\n": invalid("<34>12026-11-21T10:00:00Z h b"),
    }),
    {
      reason: "a body does not end at a NUL",
      patch: (events, { chunks }) =>
        events.map((event) => ({ ...event, body: chunks[0]!.includes("a\0b") ? "a\0b" : event.body })),
    },
  ];
}

function invalid(body: string): GoldenEvent[] {
  return [{ headers: { "flume.syslog.status": "Invalid" }, body }];
}
