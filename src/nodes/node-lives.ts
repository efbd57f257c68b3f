/**
 * What outlives one life of an in-node, for Node-RED makes a node anew at every deploy that touches it: the
 * memory of its events, and which queue of its own it read. A queue that no node reads any more, because its node was
 * given another one or was deleted while it was disabled, is left properly. Enters: nodes as they start, and
 * Node-RED's word that the flows have started. Leaves: memories, and who else reads a queue.
 */
import type { Broker } from "../amqp/broker";
import type { Connection } from "../amqp/connection";
import { withDeadline } from "../amqp/deadline";
import type { NodeLog } from "../amqp/log";
import { type Aside, leaveQueue, type OwnQueue, type QueuePlan, unbindQueue } from "../amqp/queue";
import { EventMemory } from "../consume/event-memory";
import type { Server } from "./broker-node";

/** How long an old queue is worth waiting for its broker, in milliseconds. */
const REACH_MS = 30_000;

/** One life of an in-node. */
export interface NodeLife {
  readonly nodeId: string;
  /** What the node is called in sentences. */
  readonly name: string;
  readonly queue: QueuePlan;
  /** Where the queue is. */
  readonly server: Server;
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

  /** The memory of this node's events of this queue. What a temporary queue has given out never comes again. */
  memoryOf(life: NodeLife): EventMemory {
    const known = this.#memories.get(keyOf(life));
    if (known !== undefined) {
      return known;
    }
    const memory = new EventMemory();
    if (life.queue.mode !== "temporary") {
      this.#memories.set(keyOf(life), memory);
    }
    return memory;
  }

  /** Another running node that reads the same queue and wants other events of it. */
  rivalOf({ nodeId, queue, server, filter }: NodeLife): NodeLife | undefined {
    for (const { life, isRunning } of this.#known.values()) {
      const isSameQueue = life.queue.name === queue.name && isSameServer(life.server, server);
      if (isRunning && life.nodeId !== nodeId && isSameQueue && life.filter !== filter) {
        return life;
      }
    }
    return undefined;
  }

  /** True where another node, running or about to run again, reads the same queue: it is not this one's to leave. */
  isShared({ nodeId, queue, server }: Pick<NodeLife, "nodeId" | "queue" | "server">): boolean {
    return [...this.#known.values()].some(
      ({ life }) =>
        life.nodeId !== nodeId && life.queue.name === queue.name && isSameServer(life.server, server),
    );
  }

  /** The node starts to read; a queue of its own that it read before and now does not is left. */
  started(life: NodeLife): void {
    const before = this.#known.get(life.nodeId)?.life;
    this.#known.set(life.nodeId, { life, isRunning: true });
    if (before === undefined || before.queue.mode !== "own") {
      return;
    }
    if (!isSame(before, life)) {
      const broker = isSameServer(before.server, life.server) ? life.broker : before.broker;
      void this.#leave(before, before.queue, broker, life.log, "old-queue-unbound");
      return;
    }
    if (!isSameServer(before.server, life.server)) {
      void this.#leaveOtherCluster(before, before.queue, life);
    }
    if (life.queue.mode === "own" && life.queue.exchange !== before.queue.exchange) {
      // Called an existing queue now, it keeps its binding: whoever does that still wants its events.
      void this.#unbind(before.queue, life);
    }
  }

  /** The node reads the same queue, and wants no more of what comes by another exchange. */
  async #unbind(queue: OwnQueue, { broker, server }: NodeLife): Promise<void> {
    await withConnection(broker, async (aside) => {
      // The node may have been changed back meanwhile, and another one may read this queue with that binding.
      const isWanted = [...this.#known.values()].some(
        ({ life }) => isSameServer(life.server, server) && isSameBinding(life.queue, queue),
      );
      if (!isWanted) {
        await unbindQueue(aside, queue);
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

  /** The node was deleted before it could start: what it read in an earlier process is left when the flows run. */
  neverStarted(life: NodeLife): void {
    this.started(life);
    this.stopped(life);
  }

  /** The node was deleted, and its queue was left. Its memory stays as long as the broker has something of it. */
  removed({ nodeId }: NodeLife): void {
    this.#known.delete(nodeId);
  }

  /** The flows have started: nodes that do not run and are in no flow any more were deleted while disabled. */
  sweep(isThere: (nodeId: string) => boolean): void {
    const gone = [...this.#known.values()].filter((each) => !each.isRunning && !isThere(each.life.nodeId));
    for (const { life } of gone) {
      this.#known.delete(life.nodeId);
    }
    for (const { life } of gone) {
      if (life.queue.mode === "own") {
        void this.#leave(life, life.queue, life.broker, life.log, "queue-kept");
      }
    }
    const running = new Set([...this.#known.values()].map(({ life }) => keyOf(life)));
    for (const [key, memory] of this.#memories) {
      if (!running.has(key) && !memory.isOwed) {
        this.#memories.delete(key);
      }
    }
  }

  /** How many memories are kept. */
  get size(): number {
    return this.#memories.size;
  }

  /** Other hosts: mostly of the same cluster, where the queue of that name is the one the node reads still. */
  async #leaveOtherCluster(before: NodeLife, queue: OwnQueue, life: NodeLife): Promise<void> {
    let cluster: string | undefined;
    await withConnection(life.broker, async (_aside, connection) => {
      cluster = connection.cluster;
    });
    let other: string | undefined;
    await withConnection(before.broker, async (_aside, connection) => {
      other = connection.cluster;
    });
    if (cluster !== undefined && other !== undefined && cluster !== other) {
      await this.#leave(before, queue, before.broker, life.log, "old-queue-unbound");
    }
  }

  async #leave(life: NodeLife, queue: OwnQueue, broker: Broker, log: NodeLog, key: string): Promise<void> {
    await withConnection(broker, async (aside) => {
      if (this.isShared(life)) {
        return;
      }
      const isOwed = this.#memories.get(keyOf(life))?.isOwed ?? false;
      const left = await leaveQueue(aside, queue, isOwed);
      if (left.kind === "kept") {
        log.warn(key, { queue: queue.name, waiting: left.waiting });
      }
    });
  }
}

/** Does something with a broker that may be gone by now; a broker node waits for nobody who only tidies up. */
async function withConnection(
  broker: Broker,
  work: (aside: Aside, connection: Connection) => Promise<void>,
): Promise<void> {
  // Its node may have been made anew since, or point elsewhere now.
  const another = broker.isOpen ? undefined : broker.again();
  const used = another ?? broker;
  const lease = used.lease("consume");
  let stop: () => void = () => undefined;
  const closing = new Promise<never>((_, reject) => {
    stop = used.onClosing(async () => reject(new Error("The broker node closes.")));
  });
  try {
    await Promise.race([untilUp(lease.connection), closing]);
    const { connection } = lease;
    await Promise.race([work((question) => connection.aside(question), connection), closing]);
  } catch {
    // Out of reach: a queue that is left expires by itself.
  } finally {
    stop();
    await lease.release();
    await another?.close();
  }
}

function isSameBinding(one: QueuePlan, other: OwnQueue): boolean {
  return one.mode === "own" && one.name === other.name && one.exchange === other.exchange;
}

/** Without the hosts: a cluster that gets another member has the same events still. */
function keyOf({ nodeId, queue, server }: NodeLife): string {
  return JSON.stringify([nodeId, queue.name, server.vhost]);
}

function isSameServer(one: Server, other: Server): boolean {
  return one.hosts === other.hosts && one.vhost === other.vhost;
}

/** True where the node reads the queue still, declared by itself or called an existing one now, by any hosts. */
function isSame(one: NodeLife, { queue, server }: NodeLife): boolean {
  const isSameName = one.queue.name === queue.name && one.server.vhost === server.vhost;
  return queue.mode !== "temporary" && isSameName;
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
