import assert from "node:assert/strict";
import { HdfsError } from "../../../protocols/hadoop/hdfs_error.ts";

/** What is expected of an error. */
export interface Refusal {
  readonly exception: string | RegExp;
  /** In its text. */
  readonly text?: RegExp;
  readonly canRetry?: boolean;
  readonly isOutcomeUnknown?: boolean;
}

/** Waits for what must fail, and compares with what is expected. */
export async function refuses(what: Promise<unknown>, expected: Refusal): Promise<HdfsError> {
  const cause = await what.then(() => undefined, (cause) => cause);
  assert(cause instanceof HdfsError, String(cause));
  const { exception, canRetry, isOutcomeUnknown, message } = cause;
  assert.match(exception, toPattern(expected.exception), message);
  const facts = { canRetry, isOutcomeUnknown };
  assert.deepEqual(
    {
      canRetry: expected.canRetry ?? canRetry,
      isOutcomeUnknown: expected.isOutcomeUnknown ?? isOutcomeUnknown,
    },
    facts,
    message,
  );
  assert.match(message, expected.text ?? /./);
  return cause;
}

function toPattern(exception: string | RegExp): RegExp {
  return typeof exception === "string" ? new RegExp(`^${exception}$`) : exception;
}
