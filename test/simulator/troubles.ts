/**
 * What goes wrong on the web side, on demand: each of these has been seen of REGARDS, of the gateway before it, or
 * of what stands between it and a client. Enters: what a test asks for. Leaves: the next trouble for an answer.
 */

/** Which answers it is about. */
export type Place = "token" | "list" | "file" | "zip" | "catalogue";

/** How an answer goes wrong. */
export type Wrong =
  /** Another status than the one due; a text body where the real one has one. */
  | {
      readonly answers: number;
      readonly retryAfter?: string;
      readonly text?: string;
      readonly html?: boolean;
    }
  /** Half of the body, then the connection ends: in the middle of a chunk, of a length, or in good order. */
  | { readonly cut: "chunked" | "length" | "closing" }
  /** A whole answer that is not the file. */
  | { readonly body: "wrong sum" | "too short" | "too long" | "endless" | "empty" }
  /** Half of the body, then nothing; or nothing at all. */
  | { readonly stalls: "in the body" | "before the answer" }
  | { readonly redirects: string; readonly status?: number }
  /** The connection is reset before any answer. */
  | { readonly resets: true }
  /** Headers of a server that wants to do harm. */
  | { readonly headers: Readonly<Record<string, string | readonly string[]>> };

/** A trouble for the next answers of its kind. */
export type Trouble = Wrong & {
  readonly on: Place;
  /** Only for this file id. */
  readonly file?: number;
  /** So many answers; one by default. */
  readonly times?: number;
};

/** The troubles that have been asked for and not come yet. */
export class Troubles {
  readonly #waiting: { readonly trouble: Trouble; left: number }[] = [];

  ask(...troubles: readonly Trouble[]): void {
    this.#waiting.push(...troubles.map((trouble) => ({ trouble, left: trouble.times ?? 1 })));
  }

  /** How many answers are still to go wrong. */
  get left(): number {
    return this.#waiting.reduce((sum, { left }) => sum + left, 0);
  }

  /** Takes the next one for this answer. */
  next(on: Place, file?: number): Trouble | undefined {
    const found = this.#waiting.find(
      ({ trouble, left }) =>
        left > 0 && trouble.on === on && (trouble.file === undefined || trouble.file === file),
    );
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.trouble;
  }
}
