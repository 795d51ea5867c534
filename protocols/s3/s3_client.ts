// The few operations that it takes to put files into a bucket (Amazon S3 API Reference, "API operations"; "Uploading and
// copying objects using multipart upload" in its User Guide).
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { S3Error } from "./s3_error.ts";
import { type S3Answer, type S3Options, S3Requests } from "./s3_requests.ts";
import { escapeXml, type XmlLeaf } from "./xml_leaves.ts";

/** A checksum beside the SHA-256 in the signature, for buckets that demand one, such as those with Object Lock. */
export type S3Checksum = "none" | "crc32" | "md5";

/** An object that is being made from parts; it cannot be seen before it is completed. */
export interface S3Upload {
  readonly key: string;
  readonly uploadId: string;
}

/** What an object says about itself. */
export interface S3Status {
  readonly bytes: number;
  /** What its writer gave it. */
  readonly mark: string | undefined;
}

const MARK = "x-amz-meta-sluice-upload";
/** Putting thousands of parts together takes a server its time. */
const COMPLETE_PATIENCE = 4;
/** A limit on what somebody else's uploads may cost here. */
const MAX_LISTS = 100;

/** Puts objects into one bucket. Each call throws an S3Error. */
export class S3Client {
  readonly #requests: S3Requests;
  readonly #checksum: S3Checksum;
  #hasConditions = true;

  constructor(options: S3Options & { readonly checksum?: S3Checksum }) {
    this.#requests = new S3Requests(options);
    this.#checksum = options.checksum ?? "none";
  }

  /** Begins an object. A lost answer is asked for again: then `isAlone` is false, and there may be another one for this key. */
  async createUpload(
    key: string,
    { mark, signal }: { mark: string; signal: AbortSignal },
  ): Promise<S3Upload & { isAlone: boolean }> {
    const answer = await this.#requests.ask({
      op: "CreateMultipartUpload",
      method: "POST",
      key,
      query: { uploads: "" },
      headers: { [MARK]: mark, ...this.#checksum === "crc32" && { "x-amz-checksum-algorithm": "CRC32" } },
      signal,
    });
    const uploadId = answer.xml?.leaves.find(({ path }) => path === "UploadId")?.text;
    if (!uploadId) throw this.#odd("CreateMultipartUpload", key, "the answer has no UploadId");
    return { key, uploadId, isAlone: !answer.hasRepeated };
  }

  /** Sends one part, numbered from 1; gives what `completeUpload` is to name it by. */
  async uploadPart(
    { key, uploadId }: S3Upload,
    { number, bytes, signal }: { number: number; bytes: Uint8Array; signal: AbortSignal },
  ): Promise<string> {
    const { headers } = await this.#requests.ask({
      op: "UploadPart",
      method: "PUT",
      key,
      query: { partNumber: String(number), uploadId },
      headers: this.#checksums(bytes),
      body: bytes,
      signal,
    });
    const etag = headers.get("etag");
    if (!etag) throw this.#odd("UploadPart", key, "the answer has no ETag");
    return this.#checksum === "crc32" ? `${etag} ${crc32Of(bytes)}` : etag;
  }

  /** Makes the object from its parts, unless the key is taken ("PreconditionFailed" where the server knows conditions). */
  async completeUpload({ key, uploadId }: S3Upload, parts: readonly string[]): Promise<void> {
    const xml = parts.map((part, index) => {
      const [etag, crc] = part.split(" ");
      const checksum = crc === undefined ? "" : `<ChecksumCRC32>${crc}</ChecksumCRC32>`;
      return `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeXml(etag!)}</ETag>${checksum}</Part>`;
    });
    const root = "CompleteMultipartUpload";
    const body = `<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${xml.join("")}</${root}>`;
    await this.#conditionally((headers) =>
      this.#requests.ask({
        op: root,
        method: "POST",
        key,
        query: { uploadId },
        headers,
        body: new TextEncoder().encode(body),
        patience: COMPLETE_PATIENCE,
      })
    );
  }

  /** Takes away an upload with its parts; nothing when it is gone. */
  async abortUpload({ key, uploadId }: S3Upload): Promise<void> {
    try {
      await this.#requests.ask({ op: "AbortMultipartUpload", method: "DELETE", key, query: { uploadId } });
    } catch (cause) {
      if (!(cause instanceof S3Error) || cause.code !== "NoSuchUpload") throw cause;
    }
  }

  /** Makes an empty object, unless the key is taken, as `completeUpload` does. */
  async putEmpty(key: string, mark: string): Promise<void> {
    await this.#conditionally((headers) =>
      this.#requests.ask({
        op: "PutObject",
        method: "PUT",
        key,
        headers: { ...headers, [MARK]: mark, ...this.#checksums(new Uint8Array(0)) },
        body: new Uint8Array(0),
      })
    );
  }

  /** Undefined when there is no such object. */
  async status(key: string): Promise<S3Status | undefined> {
    try {
      const { headers } = await this.#requests.ask({ op: "HeadObject", method: "HEAD", key });
      return { bytes: Number(headers.get("content-length") ?? NaN), mark: headers.get(MARK) ?? undefined };
    } catch (cause) {
      if (cause instanceof S3Error && cause.status === 404) return undefined;
      throw cause;
    }
  }

  /** What has been begun and not completed for exactly this key. */
  async listUploads(key: string): Promise<S3Upload[]> {
    const found: S3Upload[] = [];
    let from: Record<string, string> = {};
    for (let lists = 0; lists < MAX_LISTS; lists++) {
      const query = { uploads: "", prefix: key, ...from };
      const { xml } = await this.#requests.ask({ op: "ListMultipartUploads", method: "GET", query });
      const leaves = xml?.leaves ?? [];
      found.push(...uploadsIn(leaves).filter((upload) => upload.key === key));
      const field = (name: string) => leaves.find(({ path }) => path === name)?.text ?? "";
      if (field("IsTruncated") !== "true") break;
      from = { "key-marker": field("NextKeyMarker"), "upload-id-marker": field("NextUploadIdMarker") };
    }
    return found;
  }

  /** Names an object for errors. */
  nameOf(key: string): string {
    return this.#requests.nameOf(key);
  }

  /** Ends all that is under way. */
  close(): void {
    this.#requests.close();
  }

  #checksums(bytes: Uint8Array): Record<string, string> {
    if (this.#checksum === "crc32") return { "x-amz-checksum-crc32": crc32Of(bytes) };
    if (this.#checksum === "none") return {};
    return { "content-md5": createHash("md5").update(bytes).digest("base64") };
  }

  /** Some servers know no conditions and answer 501; what is there was looked for before. */
  async #conditionally(ask: (headers: Record<string, string>) => Promise<S3Answer>): Promise<void> {
    if (this.#hasConditions) {
      try {
        await ask({ "if-none-match": "*" });
        return;
      } catch (cause) {
        if (!(cause instanceof S3Error) || cause.status !== 501) throw cause;
        this.#hasConditions = false;
      }
    }
    await ask({});
  }

  #odd(op: string, key: string, what: string): S3Error {
    return new S3Error(`${op} of ${this.nameOf(key)} failed: ${what}; see that the endpoint is one of S3`, {
      code: "OddAnswer",
    });
  }
}

function uploadsIn(leaves: readonly XmlLeaf[]): S3Upload[] {
  const keys = leaves.filter(({ path }) => path === "Upload/Key");
  const ids = leaves.filter(({ path }) => path === "Upload/UploadId");
  if (keys.length !== ids.length) return [];
  return keys.map(({ text }, index) => ({ key: text, uploadId: ids[index]!.text }));
}

/** Four bytes, the highest first, in base 64. */
function crc32Of(bytes: Uint8Array): string {
  const sum = new Uint8Array(4);
  new DataView(sum.buffer).setUint32(0, crc32(bytes));
  return sum.toBase64();
}
