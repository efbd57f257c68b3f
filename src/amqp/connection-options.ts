/** Where and as whom to connect, and at which pace. Types only. */
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { BackoffLimits } from "./backoff";

/** One member of the cluster. */
export interface Endpoint {
  readonly hostname: string;
  readonly port: number;
}

/** Where and as whom to connect. */
export interface ConnectionOptions {
  /** Tried in turn; at least one. */
  readonly endpoints: readonly Endpoint[];
  readonly vhost: string;
  readonly username: string;
  readonly password: string;
  /** Seconds; 0 turns heartbeats off. */
  readonly heartbeat: number;
  /** Shown to the broker's operator. */
  readonly name: string;
  /** TLS is used when present. */
  readonly tls?: TlsOptions;
  /** Log in with the client certificate (SASL EXTERNAL). */
  readonly external?: boolean;
  readonly timing?: Partial<ConnectionTiming>;
  /** Told, once a link, which of our guards amqplib has no place for any more. */
  readonly unguarded?: (guards: readonly string[]) => void;
}

/** Milliseconds. */
export interface ConnectionTiming {
  readonly connect: number;
  readonly close: number;
  /** A link that lasted this long was good: the backoff starts again. */
  readonly stable: number;
  readonly backoff: BackoffLimits;
  /** The pace while only a person can mend it (login, vhost, certificate). */
  readonly slow: BackoffLimits;
}
