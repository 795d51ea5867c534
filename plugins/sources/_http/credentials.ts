import { createHash, timingSafeEqual } from "node:crypto";

/** Who may post; with neither tokens nor a user name everybody may. */
export interface CredentialSettings {
  readonly tokens: readonly string[];
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** Checks an Authorization header in a time that tells nothing about how much of it was right. */
export class Credentials {
  readonly #digests: readonly Uint8Array[];
  /** What a refused client is asked for, as WWW-Authenticate has it. */
  readonly challenge: string;

  constructor({ tokens, username, password }: CredentialSettings) {
    const basic = username === undefined ? [] : [`basic ${encodeBasic(username, password ?? "")}`];
    const accepted = [...tokens.map((token) => `bearer ${token}`), ...basic];
    this.#digests = accepted.map(digest);
    this.challenge = username === undefined ? "Bearer" : 'Basic realm="sluice", charset="UTF-8"';
  }

  /** False: everybody may post. */
  get isDemanded(): boolean {
    return this.#digests.length > 0;
  }

  /** Whether a header carries one of the accepted tokens or the user name with its password. */
  accepts(authorization: string | undefined): boolean {
    const [scheme = "", ...rest] = (authorization ?? "").trim().split(" ");
    const offered = digest(`${scheme.toLowerCase()} ${rest.join(" ").trim()}`);
    let isAccepted = false;
    for (const accepted of this.#digests) if (timingSafeEqual(accepted, offered)) isAccepted = true;
    return isAccepted;
  }
}

/** Equal lengths, whatever was offered. */
function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

function encodeBasic(username: string, password: string): string {
  return new TextEncoder().encode(`${username}:${password}`).toBase64();
}
