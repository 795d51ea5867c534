import { errorText } from "../../core/mod.ts";
import type { ConfigurationText } from "../_pipeline_file.ts";
import type { ChangeListener } from "../_reload.ts";
import { CommandError } from "../exit.ts";
import { Complaints, type ConfigurationPlace } from "./place.ts";

/** How an address is read. */
export interface HttpPlaceOptions {
  /** 0 never looks. */
  readonly lookMs: number;
  /** For basic authentication (RFC 7617). */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

const ANSWER_MS = 20_000;
/** A configuration is not so large; an endless answer ends here. */
const MAX_BYTES = 16 * 1024 * 1024;

/** A text at an http or https address, asked for again only when it has changed (RFC 9110, sections 13.1.2 and 13.1.3). */
export class HttpPlace implements ConfigurationPlace {
  readonly name: string;
  readonly #url: URL;
  readonly #options: HttpPlaceOptions;
  #known: { readonly text: string; readonly conditions: Readonly<Record<string, string>> } | undefined;
  #complaints = new Complaints();

  constructor(url: URL, options: HttpPlaceOptions) {
    this.#url = new URL(url);
    const { username, password } = url;
    this.#url.username = this.#url.password = "";
    this.name = this.#url.href;
    this.#options = username === ""
      ? options
      : { ...options, user: decodeURIComponent(username), password: decodeURIComponent(password) };
  }

  async read(): Promise<ConfigurationText> {
    try {
      await this.#fetch();
    } catch (cause) {
      throw new CommandError(`Cannot read the configuration at ${this.name}`, {
        cause,
        fix: "check the address, the server, and --conf-user and --conf-password",
      });
    }
    return { text: this.#known!.text, file: this.name };
  }

  watch(listener: ChangeListener): () => void {
    if (this.#options.lookMs === 0) return () => {};
    const timer = setInterval(() => void this.#look(listener), this.#options.lookMs);
    return () => clearInterval(timer);
  }

  async #look({ changed, failed }: ChangeListener): Promise<void> {
    const before = this.#known?.text;
    try {
      await this.#fetch();
      this.#complaints.clear();
      if (this.#known!.text !== before) changed(`${this.name} changed`);
    } catch (cause) {
      const text = `The configuration cannot be looked at; it stays as it is: ${errorText(cause)}`;
      if (this.#complaints.isNew(text)) failed(text);
    }
  }

  async #fetch(): Promise<void> {
    const { user, password = "" } = this.#options;
    const response = await fetch(this.#url, {
      headers: {
        ...this.#known?.conditions,
        ...user !== undefined && { authorization: `Basic ${base64(`${user}:${password}`)}` },
      },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (response.status === 304 && this.#known) return void await response.body?.cancel();
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`${this.name} answered ${response.status} ${response.statusText}`.trimEnd());
    }
    this.#known = { text: await readAll(response), conditions: conditionsOf(response) };
  }
}

function conditionsOf({ headers }: Response): Readonly<Record<string, string>> {
  const etag = headers.get("etag");
  const modified = headers.get("last-modified");
  return {
    ...etag !== null && { "if-none-match": etag },
    ...modified !== null && { "if-modified-since": modified },
  };
}

async function readAll(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new RangeError(`The answer is longer than ${MAX_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
