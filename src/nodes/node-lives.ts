/**
 * What outlives one life of an in-node, for Node-RED makes a node anew at every deploy that touches it: the
 * memory of its events, and which queue of its own it read. A queue that its node reads no more, because it was
 * given another one or was deleted while it was disabled, is left properly. Enters: nodes as they start, and
 * Node-RED's word that the flows have started. Leaves: memories, and who else reads a queue.
 */
import type { Broker } from "../amqp/broker";
import type { Connection } from "../amqp/connection";
import { withDeadline } from "../amqp/deadline";
import type { NodeLog } from "../amqp/log";
import { leaveQueue, type OwnQueue, type QueuePlan, unbindQueue } from "../amqp/queue";
import { EventMemory } from "../consume/event-memory";

/** How long an old queue is worth waiting for its broker, in milliseconds. */
const REACH_MS = 30_000;

/** One life of an in-node. */
export interface NodeLife {
  readonly nodeId: string;
  /** What the node is called in sentences. */
  readonly name: string;
  readonly queue: QueuePlan;
  /** Which broker and vhost the queue is on. */
  readonly server: string;
  /** Which events the node keeps: two readers of one queue must want the same. */
  readonly filter: string;
  readonly broker: Broker;
  readonly log: NodeLog;
}

/** The queue a node has read, and whether it runs now. */
interface Known {
  readonly life: NodeLife;
  isRunning: boolean;
}

export class NodeLives {
  readonly #known = new Map<string, Known>();
  readonly #memories = new Map<string, EventMemory>();

  /** The memory of this node's events of this queue. */
  memoryOf({ nodeId, queue, server }: NodeLife): EventMemory {
    const key = JSON.stringify([nodeId, queue.name, server]);
    let memory = this.#memories.get(key);
    if (memory === undefined) {
      memory = new EventMemory();
      this.#memories.set(key, memory);
    }
    return memory;
  }

  /** Another running node that reads the same queue and wants other events of it. */
  rivalOf({ nodeId, queue, server, filter }: NodeLife): NodeLife | undefined {
    for (const { life, isRunning } of this.#known.values()) {
      const isSameQueue = life.queue.name === queue.name && life.server === server;
      if (isRunning && life.nodeId !== nodeId && isSameQueue && life.filter !== filter) {
        return life;
      }
    }
    return undefined;
  }

  /** The node starts to read; a queue of its own that it read before and now does not is left. */
  started(life: NodeLife): void {
    const before = this.#known.get(life.nodeId)?.life;
    this.#known.set(life.nodeId, { life, isRunning: true });
    if (before === undefined || before.queue.mode !== "own") {
      return;
    }
    if (!isSame(before, life)) {
      const broker = before.server === life.server ? life.broker : before.broker;
      void leave(before.queue, broker, life.log, "old-queue-unbound");
    } else if (exchangeOf(before) !== exchangeOf(life)) {
      void this.#unbind(before.queue, life);
    }
  }

  /** The node reads the same queue, and wants no more of what comes by another exchange. */
  async #unbind(queue: OwnQueue, { nodeId, broker }: NodeLife): Promise<void> {
    await withConnection(broker, async (connection) => {
      // Whoever has changed it back meanwhile wants the binding.
      const now = this.#known.get(nodeId)?.life;
      if (now === undefined || exchangeOf(now) !== queue.exchange) {
        await unbindQueue((work) => connection.aside(work), queue);
      }
    });
  }

  /** The node stops; it may start again. */
  stopped(life: NodeLife): void {
    const known = this.#known.get(life.nodeId);
    if (known?.life === life) {
      known.isRunning = false;
    }
  }

  /** The node was deleted, and its queue was left. */
  removed({ nodeId }: NodeLife): void {
    this.#known.delete(nodeId);
  }

  /** The flows have started: nodes that do not run and are in no flow any more were deleted while disabled. */
  sweep(isThere: (nodeId: string) => boolean): void {
    for (const [nodeId, { life, isRunning }] of this.#known) {
      if (!isRunning && !isThere(nodeId)) {
        this.#known.delete(nodeId);
        if (life.queue.mode === "own") {
          void leave(life.queue, life.broker, life.log, "queue-kept");
        }
      }
    }
  }
}

function isSame(one: NodeLife, other: NodeLife): boolean {
  return other.queue.mode === "own" && one.queue.name === other.queue.name && one.server === other.server;
}

function exchangeOf({ queue }: NodeLife): string | undefined {
  return queue.mode === "own" ? queue.exchange : undefined;
}

async function leave(queue: OwnQueue, broker: Broker, log: NodeLog, key: string): Promise<void> {
  await withConnection(broker, async (connection) => {
    const left = await leaveQueue((work) => connection.aside(work), queue, false);
    if (left.kind === "kept") {
      log.warn(key, { queue: queue.name, waiting: left.waiting });
    }
  });
}

async function withConnection(
  broker: Broker,
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  const lease = broker.lease("consume");
  try {
    await untilUp(lease.connection);
    await work(lease.connection);
  } catch {
    // Out of reach: a queue that is left expires by itself.
  } finally {
    await lease.release();
  }
}

function untilUp(connection: Connection): Promise<void> {
  let stop: () => void = () => undefined;
  const up = new Promise<void>((resolve) => {
    const look = (): void => {
      if (connection.isUp) {
        resolve();
      }
    };
    stop = connection.onState(look);
    look();
  });
  return withDeadline(up, REACH_MS, "connecting").finally(() => stop());
}
