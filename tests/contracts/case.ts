/** One promise that every plugin of a kind keeps. */
export interface ContractCase<Subject> {
  /** Reads on from the plugin's name: `interceptor mask` + `leaves its input as it was`. */
  readonly name: string;
  run(subject: Subject): Promise<void> | void;
}
