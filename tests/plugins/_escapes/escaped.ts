import { EventBatch } from "sluice/plugin";
import { type EscapeOptions, EscapeTemplate } from "../../../plugins/_escapes/escape_template.ts";

/** A machine of which everything is known. */
export const HOST = { name: "web7", address: "10.1.2.3", fqdn: "web7.example.org" };

/** A template in UTC whose values are folders' names, unless the options say otherwise. */
export function template(text: string, options: Partial<EscapeOptions> = {}): EscapeTemplate {
  return new EscapeTemplate(text, {
    timeZone: "UTC",
    useLocalTimeStamp: false,
    values: "path",
    host: HOST,
    ...options,
  });
}

/** Events without bodies. */
export function eventsWith(...headers: readonly Readonly<Record<string, string>>[]): EventBatch {
  return EventBatch.from(headers.map((own) => ({ headers: own, body: "" })));
}

/** The text for one event with these headers. */
export function textOf(
  text: string,
  headers: Readonly<Record<string, string>>,
  options: Partial<EscapeOptions> = {},
): string {
  return template(text, options).texts(eventsWith(headers), 0) as string;
}

/** The text for an event at a time that is written as ISO 8601 has it. */
export function textAt(text: string, time: string, options: Partial<EscapeOptions> = {}): string {
  return textOf(text, { timestamp: String(Date.parse(time)) }, options);
}
