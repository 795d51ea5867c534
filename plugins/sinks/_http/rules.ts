/** What a status means: whether the events go again, whether the sink slows down, whether they count as drained. */
export interface Verdict {
  readonly rollback: boolean;
  readonly backoff: boolean;
  readonly incrementMetrics: boolean;
}

/** Rules for one question: `503` or `5XX` → yes or no. */
export type StatusRules = Readonly<Record<string, boolean>>;

/** Rules for all three, with what holds where no rule does. */
export interface RuleSettings {
  readonly rollback: StatusRules;
  readonly backoff: StatusRules;
  readonly incrementMetrics: StatusRules;
  readonly defaults: Verdict;
}

const SUCCESS: Verdict = { rollback: false, backoff: false, incrementMetrics: true };

/**
 * Judges a status. The exact code wins over its class, and both over the defaults; a success that no rule names is
 * one, where Flume would send the event again for ever.
 */
export function judge(status: number, settings: RuleSettings): Verdict {
  const defaults = status >= 200 && status < 300 ? SUCCESS : settings.defaults;
  const find = (rules: StatusRules, otherwise: boolean) =>
    rules[String(status)] ?? rules[`${String(status)[0]}XX`] ?? otherwise;
  return {
    rollback: find(settings.rollback, defaults.rollback),
    backoff: find(settings.backoff, defaults.backoff),
    incrementMetrics: find(settings.incrementMetrics, defaults.incrementMetrics),
  };
}

/** Whether a list of codes and classes holds a status. */
export function isIn(status: number, codes: readonly string[]): boolean {
  return codes.includes(String(status)) || codes.includes(`${String(status)[0]}XX`);
}

/** Names the codes and classes that no status can meet. */
export function findOddStatuses(codes: readonly string[]): string[] {
  return codes.filter((code) => !/^[1-5](XX|\d\d)$/.test(code));
}
