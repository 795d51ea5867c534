import { ConfigError, type Context, errorText } from "sluice/plugin";
import { settledOrAborted } from "../_files/outbox.ts";

const KILL_AFTER_MS = 5000;
const MAX_STDERR_CHARS = 4096;

/** A running command. */
export interface Command {
  /** Fills a part of the array with output and gives how much; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Ends the command if it still runs, and waits for that. */
  end(): Promise<Deno.CommandStatus>;
}

/** Starts a command, directly or by a shell. */
export function startCommand(
  about: { readonly command: string; readonly shell?: string | undefined; readonly logStdErr: boolean },
  { log }: Context,
  signal: AbortSignal,
): Command {
  const child = spawn(about);
  const output = child.stdout.getReader();
  if (about.logStdErr) void logLines(child.stderr, (line) => log.info(line, { stream: "stderr" }));
  let left = new Uint8Array(0);
  let isRead = false;
  return {
    async read(into) {
      if (left.length === 0) {
        const chunk = await settledOrAborted(output.read(), signal);
        if (!chunk) return null;
        isRead = chunk.done;
        left = chunk.value ?? left;
      }
      if (isRead) return null;
      const count = Math.min(into.length, left.length);
      into.set(left.subarray(0, count));
      left = left.subarray(count);
      return count;
    },
    async end() {
      const status = isRead ? await settledOrAborted(child.status, signal) : undefined;
      output.cancel().catch(() => {});
      return status ?? await stopGroup(child);
    },
  };
}

/** Asks a command and its children to end, and makes them end when they do not. */
async function stopGroup(child: Deno.ChildProcess): Promise<Deno.CommandStatus> {
  killGroup(child.pid, "SIGTERM");
  const patience = setTimeout(() => killGroup(child.pid, "SIGKILL"), KILL_AFTER_MS);
  try {
    return await child.status;
  } finally {
    clearTimeout(patience);
  }
}

function spawn(
  { command, shell, logStdErr }: {
    readonly command: string;
    readonly shell?: string | undefined;
    readonly logStdErr: boolean;
  },
): Deno.ChildProcess {
  const words = shell === undefined ? splitWords(command) : [...splitWords(shell), command];
  try {
    return new Deno.Command(words[0]!, {
      args: words.slice(1),
      stdin: "null",
      stdout: "piped",
      stderr: logStdErr ? "piped" : "null",
      // A group of its own, so that a stop reaches the children of a shell as well.
      detached: true,
    }).spawn();
  } catch (cause) {
    throw new ConfigError(
      `Cannot run "${words[0]}": ${hintFor(cause, shell)}`,
      { cause },
    );
  }
}

function hintFor(cause: unknown, shell: string | undefined): string {
  if (cause instanceof Deno.errors.NotFound) {
    const advice = shell === undefined ? ", or set shell to /bin/sh -c if it is a shell's own word" : "";
    return `there is no such command; check its path${advice}`;
  }
  return cause instanceof Deno.errors.PermissionDenied ? "it may not be executed" : "it does not start";
}

function splitWords(line: string): string[] {
  return line.trim().split(/\s+/);
}

function killGroup(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(-pid, signal);
  } catch {
    // It ended meanwhile.
  }
}

async function logLines(stream: ReadableStream<Uint8Array>, log: (line: string) => void): Promise<void> {
  let rest = "";
  const text = new TextDecoder();
  try {
    for await (const bytes of stream) {
      const lines = (rest + text.decode(bytes, { stream: true })).split("\n");
      rest = (lines.pop() ?? "").slice(-MAX_STDERR_CHARS);
      for (const line of lines) log(line.trimEnd());
    }
  } catch (cause) {
    log(`Standard error cannot be read: ${errorText(cause)}`);
  }
  if (rest !== "") log(rest);
}
