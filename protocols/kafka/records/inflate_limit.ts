/** The records of a batch exceed the limit once inflated; they were not inflated beyond it. */
export class InflateLimitError extends RangeError {
  override readonly name = "InflateLimitError";

  constructor(maxBytes: number, options?: ErrorOptions) {
    super(`More than ${maxBytes} bytes once inflated`, options);
  }
}
