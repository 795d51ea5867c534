import { usageError } from "../exit.ts";

/**
 * Makes the headers of a request from lines such as `Name: value`; credentials leave the URL and become a header.
 * @throws {CommandError} when a line is none.
 */
export function requestHeaders(written: readonly string[], url: URL, contentType: string): Headers {
  const headers = new Headers({ "content-type": contentType });
  for (const line of written) {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined) throw usageError(`--header cannot be "${line}"`, 'write it as "Name: value"');
    headers.set(name, value!);
  }
  if (url.username !== "") {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.set("authorization", `Basic ${new TextEncoder().encode(credentials).toBase64()}`);
    [url.username, url.password] = ["", ""];
  }
  return headers;
}
