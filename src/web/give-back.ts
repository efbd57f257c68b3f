/**
 * Gives the memory of a buffer back at once. V8 would do so only once 64 MiB of such buffers wait, and each new one
 * would be memory that is not in the processor's cache. Enters: a buffer nobody reads any more. Leaves: it, empty.
 */

/** A buffer that is a part of something stays as it is: others may have the rest. Node.js 20 cannot do it at all. */
export function giveBack({ buffer, length }: Buffer): void {
  const whole = buffer as { readonly byteLength: number; transfer?(length: number): unknown };
  if (length === whole.byteLength) {
    whole.transfer?.(0);
  }
}
