import { CommandError } from "./exit.ts";

/** V8's switch that finishes run-away regular expressions in linear time. */
export const LINEAR_REGEX_FLAG = "--enable-experimental-regexp-engine-on-excessive-backtracks";

/** How the program is started once more. */
export interface RespawnOptions {
  /** Permissions such as `--allow-read=/var/log`. */
  readonly permissions: readonly string[];
  readonly v8Flags: readonly string[];
  /** Arguments of the program. */
  readonly args: readonly string[];
}

const FORWARDED: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** A process that is started again has what its parent had; a compiled program cannot change its permissions. */
export function canRespawn(): boolean {
  return !Deno.build.standalone && Deno.mainModule.startsWith("file:");
}

/** Starts this program again with other permissions or V8 flags, passes signals on, and answers with its exit code. */
export async function respawn({ permissions, v8Flags, args }: RespawnOptions): Promise<number> {
  const flags = v8Flags.length > 0 ? [`--v8-flags=${v8Flags.join(",")}`] : [];
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...flags, ...permissions, Deno.mainModule, ...args],
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  });
  const child = start(command);
  const listeners = FORWARDED.map((name) => {
    const forward = () => {
      try {
        child.kill(name);
      } catch {
        // It has ended already.
      }
    };
    Deno.addSignalListener(name, forward);
    return () => Deno.removeSignalListener(name, forward);
  });
  const { code } = await child.status;
  listeners.forEach((remove) => remove());
  return code;
}

function start(command: Deno.Command): Deno.ChildProcess {
  try {
    return command.spawn();
  } catch (cause) {
    throw new CommandError("Cannot start the program again", {
      cause,
      fix:
        `allow it to run "${Deno.execPath()}", or use \`sluice permissions\` and start it with those flags`,
    });
  }
}
