// A file that is written by one PUT to a DataNode, which answers when the file is whole.
import type { HdfsOutput } from "./hdfs_client.ts";
import type { HdfsCall } from "./hdfs_error.ts";
import type { HttpCall } from "./http_call.ts";
import { toError, type Transfer, type WebHdfsRequests } from "./webhdfs_requests.ts";

/** Less than this is gathered: nothing of an open file can be read anyway. */
const GATHERED_BYTES = 256 * 1024;

/** The body of a request that is under way. */
export class WebHdfsOutput implements HdfsOutput {
  readonly #call: HdfsCall;
  readonly #request: HttpCall;
  readonly #requests: WebHdfsRequests;
  #gathered: Uint8Array | undefined;
  #gatheredBytes = 0;
  #bytes = 0;

  constructor(transfer: Transfer, requests: WebHdfsRequests) {
    this.#call = transfer.call;
    this.#request = transfer.request!;
    this.#requests = requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#bytes += bytes.length;
    const isLarge = bytes.length >= GATHERED_BYTES / 2;
    if (isLarge || this.#gatheredBytes + bytes.length > GATHERED_BYTES) await this.#sendGathered();
    if (isLarge) return await this.#send(bytes);
    this.#gathered ??= new Uint8Array(GATHERED_BYTES);
    this.#gathered.set(bytes, this.#gatheredBytes);
    this.#gatheredBytes += bytes.length;
  }

  async close(): Promise<void> {
    await this.#sendGathered();
    this.#gathered = undefined;
    const answer = await this.#request.end().catch((cause) => {
      throw toError(this.#call, cause, { isOutcomeUnknown: true });
    });
    if (answer.status >= 300) throw await this.#requests.toRefusal(this.#call, answer);
    await answer.text(64 * 1024).catch(() => {});
  }

  abort(): void {
    this.#gathered = undefined;
    this.#request.abort();
  }

  async #sendGathered(): Promise<void> {
    const bytes = this.#gathered?.subarray(0, this.#gatheredBytes);
    this.#gatheredBytes = 0;
    if (bytes?.length) await this.#send(bytes);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    await this.#request.write(bytes).catch((cause) => {
      throw toError(this.#call, cause, { isOutcomeUnknown: true });
    });
    if (this.#request.answer) throw await this.#requests.toRefusal(this.#call, this.#request.answer);
  }
}
