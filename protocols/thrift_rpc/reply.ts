import { type CallFault, readerOf } from "./event_call.ts";
import { CALL_KINDS, type CallHead, type ThriftProtocol, TYPES } from "./types.ts";
import { type ThriftWriter, writeFrame } from "./writer.ts";

/** In the order of their numbers. */
const STATUSES = ["OK", "FAILED", "ERROR", "UNKNOWN"] as const;
/** What Flume's source says to a call. */
export type Status = typeof STATUSES[number];

/** What a call was answered with. */
export interface Reply {
  readonly head: CallHead;
  readonly status?: Status | undefined;
  readonly fault?: CallFault | undefined;
}

const { binary, i32 } = TYPES;

/** Writes the frame that answers a call of Flume's ThriftSourceProtocol. */
export function writeReply(writer: ThriftWriter, head: CallHead, said: Status | CallFault): void {
  writeFrame(writer, () => writeAnswer(writer, head, said));
}

/**
 * Writes an answer: field 0 is the status, or fields 1 and 2 say what the caller did wrong (a TApplicationException);
 * a method that gives nothing back is answered by a struct without fields.
 */
export function writeAnswer(writer: ThriftWriter, head: CallHead, said?: Status | CallFault): void {
  const isFault = typeof said === "object";
  writer.head({ ...head, kind: isFault ? CALL_KINDS.exception : CALL_KINDS.reply });
  const outer = writer.enter();
  if (isFault) {
    writer.field(binary, 1);
    writer.text(said.text);
    writer.field(i32, 2);
    writer.i32(said.type);
  } else if (said !== undefined) {
    writer.field(i32, 0);
    writer.i32(STATUSES.indexOf(said));
  }
  writer.leave(outer);
}

/**
 * Reads what `writeReply` wrote, without the length in front. A status that is not known counts as UNKNOWN.
 * @throws {RangeError} when the frame is no answer.
 */
export function decodeReply(protocol: ThriftProtocol, frame: Uint8Array): Reply {
  const reader = readerOf(protocol, frame);
  const head = reader.head();
  if (head.kind !== CALL_KINDS.reply && head.kind !== CALL_KINDS.exception) {
    throw reader.fault("a call in place of an answer");
  }
  let [type, text] = [0, ""];
  let status: Status | undefined;
  const outer = reader.enter();
  while (reader.field()) {
    const { fieldId: id, fieldType } = reader;
    const isFault = head.kind === CALL_KINDS.exception;
    if (!isFault && id === 0 && fieldType === i32) status = STATUSES[reader.i32()] ?? "UNKNOWN";
    else if (isFault && id === 1 && fieldType === binary) text = reader.text();
    else if (isFault && id === 2 && fieldType === i32) type = reader.i32();
    else reader.skip(fieldType);
  }
  reader.leave(outer);
  if (head.kind === CALL_KINDS.exception) return { head, fault: { type, text } };
  if (status === undefined) throw reader.fault("an answer without a status");
  return { head, status };
}
