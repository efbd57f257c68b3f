/** Nothing waits for ever: a frozen broker never answers, and amqplib never gives up by itself. */

/** Thrown when a promise did not settle in time. */
export class DeadlineError extends Error {
  constructor(what: string, milliseconds: number) {
    super(`${what} timed out after ${milliseconds} ms`);
    this.name = "DeadlineError";
  }
}

/** Waits for a promise at most so long. The promise itself goes on; its late rejection is harmless. */
export async function withDeadline<T>(promise: Promise<T>, milliseconds: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(what, milliseconds)), milliseconds);
  });
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
