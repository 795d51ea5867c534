import type { Encoder } from "sluice/plugin";
import type { TransformPlan } from "./transform.ts";

/** How events become a file. The stage holds what `encoder` makes; whole batches can be cut off its end at any batch. */
export interface FileFormat {
  /** End of file names, with its dot, where the sink is given none: `.gz`, `.parquet`, or nothing. */
  readonly extension: string;
  /**
   * Made anew for each file. What one gives is to be written, or copied, before the next batch is given to any of them: they
   * share their room, since thousands may be open.
   */
  encoder(): Encoder;
  /**
   * Says what makes the file of what is staged; absent: they are the same. Where files are appended to, each append is made
   * by itself.
   */
  readonly transform?: TransformPlan;
  /** The schema of the rows that are staged, as JSON; what is staged can be read with no other. */
  readonly schema?: string;
  /** Whether a file may grow by appends and is whole after each of them. */
  readonly canAppend: boolean;
}
