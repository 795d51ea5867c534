import { Hono } from "hono";
import type { Credentials } from "./credentials.ts";

/** What the web application of one source needs. */
export interface AppOptions {
  /** Absent: any path takes events. */
  readonly path: string | undefined;
  readonly credentials: Credentials;
  /** Answers a POST. */
  accept(request: Request): Response | Promise<Response>;
  /** Counts a request without the right credentials. */
  onDenied(): void;
}

/** Routes: POST takes events, GET tells that the source is alive, anything else is refused. */
export function createApp({ path, credentials, accept, onDenied }: AppOptions): Hono {
  // Without a path of its own every request has the same one, and nobody needs to parse its URL.
  const app = path === undefined ? new Hono({ getPath: () => "/" }) : new Hono();
  const route = path ?? "/";
  if (credentials.isDemanded) {
    app.use(async (context, next) => {
      if (credentials.accepts(context.req.header("authorization"))) return await next();
      onDenied();
      context.header("WWW-Authenticate", credentials.challenge);
      return context.text("Credentials are missing or wrong\n", 401);
    });
  }
  app.post(route, (context) => accept(context.req.raw));
  app.get(route, (context) => context.text("Sluice takes events here by POST\n"));
  app.notFound((context) => {
    if (context.req.path !== route) return context.text(`Nothing is here: POST to ${route}\n`, 404);
    context.header("Allow", "GET, HEAD, POST");
    return context.text(`${context.req.method} is not known here: use POST\n`, 405);
  });
  return app;
}
