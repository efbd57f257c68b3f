/** One thing that goes wrong, or right, and what a node says then. Types only. */
import type { StatusWorld } from "./status-world";

export interface Cause {
  /** The keys under `status` of the catalogue whose words are said. */
  readonly keys: readonly string[];
  /** What a person sees under the node. */
  readonly says: RegExp;
  /** The node that says it: `in` unless something else is meant. */
  readonly node?: string;
  make(world: StatusWorld): Promise<unknown>;
}
