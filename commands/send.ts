import { type Call, defineCommand } from "./command.ts";
import { CommandError, EXIT, usageError } from "./exit.ts";
import { countOf, durationMs } from "./_duration.ts";
import { errorColour, printError } from "./_terminal.ts";
import type { LineChunk } from "./_send/lines.ts";
import type { Tally } from "./_send/tally.ts";

const options = {
  to: {
    type: "string",
    short: "t",
    value: "URL",
    about: "Where to: http://host:port/, https://… or tcp://host:port.",
  },
  "batch-size": { type: "string", value: "N", about: "Lines in one request at most (1000)." },
  header: {
    type: "string",
    short: "H",
    value: "LINE",
    multiple: true,
    about: 'HTTP header such as "Authorization: Bearer …".',
  },
  "no-answers": { type: "boolean", about: "The tcp target does not answer (ack-every-event: false)." },
  timeout: { type: "string", value: "TIME", about: "Wait for an answer (30s)." },
  "retry-for": {
    type: "string",
    value: "TIME",
    about: "Try a batch again while the target is busy or away (60s).",
  },
  quiet: { type: "boolean", short: "q", about: "No progress, no summary." },
} as const;

type SendCall = Call<typeof options>;

export default defineCommand({
  name: "send",
  summary: "Sends lines from files or standard input to an http or netcat source.",
  usage: ["send --to URL [FILE...]"],
  about:
    'Lines are sent in order and count when the target has accepted them. Standard input is read for "-"\n' +
    "or without a file. A busy target (503, 429) is tried again after the time that it asks for.",
  options,
  positionals: { min: 0, max: Infinity, complete: "files" },
  example: "sluice send --to http://127.0.0.1:8080/ access.log",
  exitCodes: ["ok", "usage", "failed"],
  async run(call) {
    const target = targetUrl(call.values.to);
    const { Tally } = await import("./_send/tally.ts");
    const { openProgress } = await import("./_send/progress.ts");
    const paths = call.positionals.length > 0 ? call.positionals : ["-"];
    const progress = call.values.quiet ? undefined : await openProgress(totalBytes(paths));
    const tally = new Tally({
      change: (state) => progress?.show(state),
      reason: showReason,
    });
    try {
      await send({ target, call, paths }, tally);
    } finally {
      progress?.end();
      if (!call.values.quiet) printError(tally.summary());
    }
    return tally.refusedLines > 0 ? EXIT.failed : EXIT.ok;
  },
});

/** On a terminal the line of the progress bar is cleared first; the bar draws itself again below. */
function showReason(reason: string): void {
  const clear = Deno.stderr.isTerminal() ? "\r\x1b[K" : "";
  printError(`${clear}${errorColour() ? "\x1b[33mwarning\x1b[0m" : "warning"}: ${reason}\n`);
}

interface Sending {
  readonly target: URL;
  readonly call: SendCall;
  readonly paths: readonly string[];
}

async function send({ target, call: { values }, paths }: Sending, tally: Tally): Promise<void> {
  const timeoutMs = durationMs("timeout", values.timeout ?? "30s");
  const retryMs = durationMs("retry-for", values["retry-for"] ?? "60s");
  const maxLines = countOf("batch-size", values["batch-size"] ?? "1000");
  const { lineChunks } = await import("./_send/lines.ts");
  const chunks: AsyncIterable<LineChunk> = lineChunks(inputs(paths), { maxLines, maxBytes: 1024 * 1024 });
  if (target.protocol === "tcp:") {
    const { writeLines } = await import("./_send/tcp.ts");
    const { hostname, port } = target;
    const answers = values["no-answers"] !== true;
    const plainName = hostname.replace(/^\[(.*)\]$/, "$1");
    return await writeLines(
      chunks,
      { hostname: plainName, port: Number(port), answers, timeoutMs, retryMs },
      tally,
    );
  }
  const { postLines } = await import("./_send/http.ts");
  const { requestHeaders } = await import("./_send/headers.ts");
  const headers = requestHeaders(values.header ?? [], target, "text/plain; charset=utf-8");
  return await postLines(chunks, { url: target, headers, timeoutMs, retryMs }, tally);
}

function targetUrl(written: string | undefined): URL {
  const fix = "write --to http://host:port/, https://host:port/ or tcp://host:port";
  if (written === undefined) throw usageError("send needs a target", fix);
  const url = URL.parse(written);
  if (!url || !/^(https?|tcp):$/.test(url.protocol) || (url.protocol === "tcp:" && url.port === "")) {
    throw usageError(`--to cannot be "${written}"`, fix);
  }
  return url;
}

async function* inputs(paths: readonly string[]) {
  for (const path of paths) {
    if (path === "-") {
      yield { name: "standard input", read: (into: Uint8Array) => Deno.stdin.read(into) };
      continue;
    }
    using file = await openInput(path);
    yield { name: path, read: (into: Uint8Array) => file.read(into) };
  }
}

async function openInput(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (cause) {
    throw new CommandError(`Cannot read "${path}"`, {
      cause,
      fix: "correct the path, or make the file readable",
    });
  }
}

/** 0 when not all lengths are known. */
function totalBytes(paths: readonly string[]): number {
  try {
    const sizes = paths.map((path) => path === "-" ? 0 : Deno.statSync(path).size);
    return sizes.includes(0) ? 0 : sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    return 0;
  }
}
