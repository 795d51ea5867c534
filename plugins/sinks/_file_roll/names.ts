import type { Clock } from "sluice/plugin";

/** How files are called. */
export interface NameOptions {
  readonly prefix: string;
  /** Without the dot; empty means none. */
  readonly extension: string;
}

/** Gives a new name at each call. */
export type NextName = () => string;

/** Flume's DEFAULT path manager: the time at which the sink started in milliseconds, and a counter from 1. */
export function startTimeNames({ prefix, extension }: NameOptions, clock: Clock): NextName {
  const startMs = clock.now();
  let count = 0;
  return () => `${prefix}${startMs}-${++count}${suffix(extension)}`;
}

/** Flume's ROLLTIME path manager: local time in seconds, and a counter from 1 within that second. */
export function rollTimeNames({ prefix, extension }: NameOptions, clock: Clock): NextName {
  let lastTime = "";
  let count = 0;
  return () => {
    const time = localTime(new Date(clock.now()));
    count = time === lastTime ? count + 1 : 1;
    lastTime = time;
    return `${prefix}${time}-${count}${suffix(extension)}`;
  };
}

function suffix(extension: string): string {
  return extension === "" ? "" : `.${extension}`;
}

/** yyyyMMddHHmmss. */
function localTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}
