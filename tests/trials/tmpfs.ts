import { statfsSync } from "node:fs";

const TRIED_BYTES = 1024 * 1024;

/** A small file system of its own, which can be filled up and freed again. */
export interface SmallDisk {
  readonly path: string;
  /** Leaves no more than some bytes free. */
  fill(freeBytes: number): void;
  free(): void;
  unmount(): Promise<void>;
}

/** Mounts a file system in memory; answers with the reason where that is refused. */
export async function mountSmallDisk(path: string, bytes: number): Promise<SmallDisk | string> {
  await Deno.mkdir(path, { recursive: true });
  const refusal = await mount("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path]);
  if (refusal !== undefined) return refusal;
  const ballast = `${path}/ballast`;
  return {
    path,
    fill: (freeBytes) => {
      const block = new Uint8Array(16 * 1024);
      using file = Deno.openSync(ballast, { append: true, create: true });
      while (freeBytesOf(path) - block.length >= freeBytes) file.writeSync(block);
    },
    free: () => Deno.removeSync(ballast),
    unmount: async () => {
      const refusal = await mount("umount", ["-l", path]);
      if (refusal !== undefined) throw new Error(`Cannot unmount "${path}": ${refusal}`);
    },
  };
}

/** Why no small disk can be had here; undefined when one can. Asked once, so that tests can be left out with the reason. */
export async function refusalToMount(): Promise<string | undefined> {
  const folder = await Deno.makeTempDir({ prefix: "trial-" });
  const disk = await mountSmallDisk(`${folder}/small`, TRIED_BYTES);
  if (typeof disk !== "string") await disk.unmount();
  await Deno.remove(folder, { recursive: true });
  return typeof disk === "string" ? disk : undefined;
}

async function mount(command: string, args: string[]): Promise<string | undefined> {
  try {
    const { code, stderr } = await new Deno.Command(command, { args, stderr: "piped" }).output();
    return code === 0 ? undefined : new TextDecoder().decode(stderr).trim();
  } catch (cause) {
    return String(cause);
  }
}

function freeBytesOf(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
