/**
 * Correlation ids of our own: which broker node asked, when, and something nobody else has. Enters: the id of a
 * broker node. Leaves: the prefix of everything asked through it, and new ids. It does not know what is asked.
 */
import { createHash, randomUUID } from "node:crypto";

/** REGARDS 1.12 and 1.13 keep no more characters of an order's. */
export const LONGEST_CORRELATION_ID = 100;

/** A node of a subflow has a longer id than others; deeper down it has one that leaves no room for the rest. */
const LONGEST_NODE_ID = 40;

/** Hexadecimal; all of the last part of a UUID is random. */
const RANDOM_DIGITS = 12;

/** What the correlation ids of all requests through this broker node begin with. */
export function correlationPrefix(brokerId: string): string {
  const id =
    brokerId.length > LONGEST_NODE_ID
      ? createHash("sha256").update(brokerId).digest("hex").slice(0, LONGEST_NODE_ID)
      : brokerId;
  return `nodered-${id}-`;
}

/** A new one, such as `nodered-a1b2c3d4e5f60718-20260314T150926Z-9f86d081884c`. */
export function newCorrelationId(brokerId: string, at: Date = new Date()): string {
  const time = `${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
  // Node.js draws UUIDs from random bytes it has in stock; asking for a few bytes costs as much as a publish does.
  return `${correlationPrefix(brokerId)}${time}-${randomUUID().slice(-RANDOM_DIGITS)}`;
}
