/** What can be seen of a publishing node from outside: all that its status depends on. Types only. */
import type { ConnectionState } from "../amqp/connection";
import type { PublisherState } from "../amqp/publisher";

/** All that an out-node's status depends on. */
export interface PublisherView {
  readonly connection: ConnectionState;
  readonly publisher: PublisherState;
  readonly waiting: number;
  readonly counters: Readonly<Record<string, number>>;
}
