/**
 * Reads the body of an answer into memory, where it is known to be small: a list's page, a login. Enters: an answer
 * and a limit. Leaves: its bytes, or a `WebTrouble` once there are more.
 */
import type { Answer } from "./http";
import { WebTrouble } from "./troubles";

/** Everything, or nothing. */
export async function bodyOf(answer: Answer, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.chunks()) {
    bytes += chunk.length;
    if (bytes > limit) {
      answer.discard();
      throw new WebTrouble("bad-answer", { bytes: limit });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
