/** Which REGARDS a broker node stands for: whose events, named how. Types only. */

/** What the nodes must know of REGARDS beside where its broker is. */
export interface RegardsSystem {
  /** Undefined: every tenant. */
  readonly tenant: string | undefined;
  /** The web side, `https://host[/prefix]` without a slash at the end. */
  readonly address: string | undefined;
  /** What the names of its exchanges begin with. */
  readonly namespace: string;
  /** The `app_id` of what is published. */
  readonly appId: string;
}
