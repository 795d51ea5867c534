/**
 * The program: reads its arguments and calls one command; the first argument may also be a pipeline file.
 * @module
 */
import { dispatch } from "./commands/_dispatch.ts";

if (import.meta.main) Deno.exit(await dispatch(Deno.args));
