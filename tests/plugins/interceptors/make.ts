import {
  type Config,
  type EventBatch,
  type Fields,
  type Interceptor,
  type InterceptorPlugin,
  z,
} from "sluice/plugin";
import { testContext } from "../../support/context.ts";

/** Checked settings with defaults applied. */
export function configOf<F extends Fields>(plugin: InterceptorPlugin<F>, settings: Record<string, unknown>) {
  return z.object(plugin.config).parse(settings) as unknown as Config<F>;
}

/** An interceptor with its settings checked, as the compiler would make it. */
export function makeInterceptor<F extends Fields>(
  plugin: InterceptorPlugin<F>,
  settings: Record<string, unknown> = {},
  context = testContext(),
): { intercept(batch: EventBatch): EventBatch } {
  return plugin.create(configOf(plugin, settings), context) as Interceptor & {
    intercept(batch: EventBatch): EventBatch;
  };
}

/** The bodies of a batch as text. */
export function bodiesOf(batch: EventBatch): string[] {
  return Array.from({ length: batch.size }, (_, index) => batch.text(index));
}

/** The values of one header. */
export function headerOf(batch: EventBatch, name: string): (string | undefined)[] {
  return Array.from({ length: batch.size }, (_, index) => batch.header(index, name));
}
