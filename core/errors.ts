/** Says that a configuration cannot be used; `validate` shows the same text as a diagnostic. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Says that a channel had no room for a batch in the time it may wait. */
export class ChannelFullError extends Error {
  override readonly name = "ChannelFullError";
}

/** Says that a batch was accepted but did not reach its target. */
export class DeliveryError extends Error {
  override readonly name = "DeliveryError";
}

/** Says that a journal file holds bytes that nobody wrote there, with file and byte offset in the message. */
export class JournalCorruptError extends Error {
  override readonly name = "JournalCorruptError";
}

/** Says that a plugin module is missing, broken or does not keep its contract. */
export class PluginError extends Error {
  override readonly name = "PluginError";
}

/** Names the events of a batch that a target will never accept; the others may go on. */
export class PoisonError extends Error {
  override readonly name = "PoisonError";
  /** Places of the refused events in the batch that was written, ascending. */
  readonly indexes: readonly number[];

  constructor(text: string, indexes: readonly number[], options?: ErrorOptions) {
    super(text, options);
    this.indexes = indexes;
  }
}

/** Stops the program on a state that cannot be; expected failures are thrown errors instead. */
export function assert(condition: unknown, text: string): asserts condition {
  if (!condition) throw new Error(`Impossible state: ${text}`);
}

/** Reads the text of whatever was thrown, with the texts of its causes behind it; passwords in addresses are left out. */
export function errorText(thrown: unknown): string {
  return wholeText(thrown).replace(CREDENTIALS, "$1***@");
}

const CREDENTIALS = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#@"']{1,500}@/gi;

function wholeText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause === undefined ? thrown.message : `${thrown.message}: ${wholeText(thrown.cause)}`;
}
