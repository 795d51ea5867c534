// What goes wrong with S3: `Error` as XML (Amazon S3 API Reference, "Error responses"), and what happens below HTTP.

/** Says what an S3 server refused, or that it could not be reached. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  /** S3's own word; ours are "ConnectionLost", "BadCertificate", "TimedOut", "OddAnswer" and "Http404" or the like. */
  readonly code: string;
  readonly status: number;
  /** The same may succeed later, without anybody changing a setting. */
  readonly canRetry: boolean;
  /** The server may have done what it was asked for. */
  readonly isOutcomeUnknown: boolean;

  constructor(text: string, { code, status = 0, cause }: S3Fault) {
    super(text, { ...cause !== undefined && { cause } });
    this.code = code;
    this.status = status;
    this.canRetry = PASSING.has(code) || status >= 500 && status !== 501 || status === 429 || status === 408;
    this.isOutcomeUnknown = (status === 0 || status >= 500) && code !== "BadCertificate";
  }
}

/** What is known of a failure. */
export interface S3Fault {
  readonly code: string;
  /** Of HTTP; 0 when there was no answer. */
  readonly status?: number;
  readonly cause?: unknown;
}

/** What was asked of whom. */
export interface S3Call {
  /** As S3 calls it, such as UploadPart. */
  readonly op: string;
  /** `s3://bucket/key`. */
  readonly at: string;
  readonly endpoint: string;
}

/** These pass by themselves, also where the status does not say so; what was damaged on the way is sent again. */
const PASSING: ReadonlySet<string> = new Set([
  "BadDigest",
  "ConnectionLost",
  "IncompleteBody",
  "InternalError",
  "OddAnswer",
  "OperationAborted",
  "RequestTimeout",
  "ServiceUnavailable",
  "SlowDown",
  "TimedOut",
  "XAmzContentChecksumMismatch",
  "XAmzContentSHA256Mismatch",
]);

const RIGHTS =
  "let this key do s3:PutObject, GetObject, ListBucket, AbortMultipartUpload and ListBucketMultipartUploads";

/** What to do about it, by the code. */
const FIXES: Readonly<Record<string, string>> = {
  AccessDenied: RIGHTS,
  BadCertificate: "give the certificate of its authority, or correct the endpoint's name",
  ExpiredToken: "the session token is too old: give a new one, or a key without one",
  Http403: RIGHTS,
  InvalidAccessKeyId: "see that the access key ID is right, and is known to this endpoint",
  InvalidToken: "see that the session token belongs to the access key ID",
  NoSuchBucket: "create the bucket, or correct its name or the endpoint",
  NotImplemented: "this server lacks what is asked for",
  QuotaExceeded: "remove objects, or raise the quota",
  RequestTimeTooSkewed: "set the clock of this machine",
  SignatureDoesNotMatch: "see that the secret access key is right, and that no proxy changes requests",
  SlowDown: "the server wants fewer requests; make larger or fewer files if this stays",
  TimedOut: "see whether the server is up and reached from here",
  ConnectionLost: "see whether the server is up and reached from here",
  XMinioStorageFull: "remove objects, or give the server more disk",
};

/** What went wrong, with what was asked, of whom, and what to do. `what` is cut: it comes from outside. */
export function toS3Error(
  { op, at, endpoint }: S3Call,
  fault: S3Fault & { what: string; region?: string },
): S3Error {
  const fix = fault.region === undefined
    ? FIXES[fault.code]
    : `set the region to "${fault.region.slice(0, 40)}"`;
  const what = fault.what.slice(0, 300).replaceAll(/\s+/g, " ");
  const text = `${op} of ${at} at ${endpoint} failed: ${fault.code}${what === "" ? "" : `, ${what}`}`;
  return new S3Error(fix === undefined ? text : `${text}; ${fix}`, fault);
}
