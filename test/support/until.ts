/**
 * Bounded waiting for what another process decides, which gives us no event to await: a broker that counts,
 * a port that opens. Inside our own process, await the event instead.
 */
import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";

/** What is awaited, in the words of the error, and for how long. */
export interface UntilOptions {
  readonly what: string;
  readonly timeout?: number;
  readonly every?: number;
}

const ABSENT: readonly unknown[] = [false, null, undefined];

/**
 * Asks again and again until `check` answers something other than false, null or undefined, and returns it.
 */
export async function until<T>(
  check: () => T | Promise<T>,
  { what, timeout = 5_000, every = 20 }: UntilOptions,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + timeout;
  let last: unknown;
  let failure: unknown;
  do {
    try {
      last = await check();
      failure = undefined;
      if (!ABSENT.includes(last)) return last as Exclude<T, false | null | undefined>;
    } catch (error) {
      failure = error;
    }
    await pause(every);
  } while (Date.now() < deadline);
  const seen =
    failure === undefined ? `last seen: ${inspect(last, { depth: 4 })}` : `last failure: ${failure}`;
  throw new Error(`waited ${timeout} ms for ${what}; ${seen}`, { cause: failure });
}

/** Waits until the values `read` gives satisfy `isRight`, and names the last one when they never do. */
export async function untilValue<T>(
  read: () => T | Promise<T>,
  isRight: (value: T) => boolean,
  options: UntilOptions,
): Promise<T> {
  let last: { readonly value: T } | undefined;
  try {
    const found = await until(async () => {
      last = { value: await read() };
      return isRight(last.value) ? last : undefined;
    }, options);
    return found.value;
  } catch (error) {
    if (last === undefined) throw error;
    const seen = inspect(last.value, { depth: 6 });
    throw new Error(`waited ${options.timeout ?? 5_000} ms for ${options.what}; last seen: ${seen}`, {
      cause: error,
    });
  }
}
