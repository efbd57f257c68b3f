/**
 * An exchange of nodes that takes longer than one can take is none: where a node type is missing, the flows that did
 * not change run on, and nobody says that all have started. Enters: the beginnings and ends of exchanges. Leaves:
 * that one is overdue, or over.
 */
import type { Clock } from "../amqp/clock";
import type { Restarts } from "../completion/restarts";

/** Node-RED gives a node 15 s to close. */
const EXCHANGE_MS = 20_000;

export class ExchangeOfNodes {
  readonly #restarts: Restarts;
  readonly #stopListening: () => void;
  #stopWaiting: () => void = () => undefined;
  #isOverdue = false;

  /**
   * @param overdue it has begun, and should be over
   * @param over all nodes have started; called a turn later, so that whoever follows a broker node has heard it too
   */
  constructor(restarts: Restarts, clock: Clock, overdue: () => void, over: () => void) {
    this.#restarts = restarts;
    this.#stopListening = restarts.onChange((isGoingOn) => {
      this.#stopWaiting();
      this.#isOverdue = false;
      if (isGoingOn) {
        this.#stopWaiting = clock.after(EXCHANGE_MS, () => {
          this.#isOverdue = true;
          overdue();
        });
      } else {
        setImmediate(over);
      }
    });
  }

  /** Nodes are being exchanged, or a node type is missing. */
  get isGoingOn(): boolean {
    return this.#restarts.isGoingOn;
  }

  /** It can only be a missing node type. */
  get isOverdue(): boolean {
    return this.#isOverdue;
  }

  /** Listens no longer. */
  stop(): void {
    this.#stopListening();
    this.#stopWaiting();
  }
}
