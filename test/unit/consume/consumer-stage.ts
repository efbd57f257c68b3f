/** An event consumer between a fake RabbitMQ and a fake flow: a test is the broker, the flow and the clock. */
import type { Broker } from "../../../src/amqp/broker";
import type { Outcome, Run } from "../../../src/completion/run";
import type { TrackOptions } from "../../../src/completion/runs";
import type { CompletionTracker } from "../../../src/completion/tracker";
import { EventConsumer } from "../../../src/consume/event-consumer";
import { EventMemory } from "../../../src/consume/event-memory";
import type { FlowsState, PauseCause } from "../../../src/consume/flows-state";
import type { EventMessage } from "../../../src/consume/message";
import type { ConsumerSettings } from "../../../src/consume/settings";
import { order } from "../../../src/regards/services";
import { FakeRabbit } from "../../support/fake-rabbit";
import { FakeTime, settled } from "../../support/fake-time";

export const QUEUE = "q";
export const EXCHANGE = "orders";

/** A message that reached the flow, and its run where there is one. */
export interface Sent {
  readonly output: number;
  readonly message: EventMessage;
  readonly regards: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly run: FakeRun;
}

/** The run of one message: the test ends it. */
export interface FakeRun {
  failure?: Extract<Outcome, { kind: "failed" }>;
  heldBy: string;
  isForgotten: boolean;
  /** No node has anything of it. */
  isIdle: boolean;
  /** Only nodes that leave it to their successors have something of it. */
  isPassedOn: boolean;
  readonly endsByVerdict: boolean;
  end(outcome?: Outcome): void;
}

export class FakeFlows implements FlowsState {
  isRunning = true;
  isFullStop = false;
  pausedBy: PauseCause | undefined;
  readonly listeners = new Set<() => void>();

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  become(state: { isRunning: boolean; isFullStop?: boolean; pausedBy?: PauseCause }): void {
    Object.assign(this, { isFullStop: false, pausedBy: undefined }, state);
    for (const listener of [...this.listeners]) listener();
  }
}

export class ConsumerStage {
  readonly time = new FakeTime();
  readonly rabbit = new FakeRabbit();
  readonly flows = new FakeFlows();
  readonly sent: Sent[] = [];
  /** Keys of what was logged. */
  readonly logged: string[] = [];
  /** What was measured, of which message. */
  readonly measured: string[] = [];
  readonly consumers: EventConsumer[] = [];
  leadsTo: "nowhere" | "stopped" | "running" = "running";
  /** What sending throws, if anything. */
  failure: Error | undefined;
  /** How many users the tracker has. */
  trackerUsers = 0;
  /** Which runs a message wired back belongs to. */
  runsOf: readonly FakeRun[] = [];
  leases = 0;
  /** How long the last user of a connection waits for it to close, in milliseconds. */
  closing = 0;
  memory = new EventMemory();
  #ids = 0;

  constructor() {
    this.rabbit.exchanges.add(EXCHANGE);
  }

  /** Starts a life of the node, and waits until it consumes. */
  async start(
    more: Partial<ConsumerSettings> = {},
    { hasDied = false, system = {} as { tenant?: string } } = {},
  ): Promise<EventConsumer> {
    const { settle = "finished" } = more;
    const settings: ConsumerSettings = {
      queue: { mode: "own", name: QUEUE, type: "quorum", exchange: EXCHANGE },
      correlation: () => true,
      anyCorrelation: true,
      ...{ owner: undefined, contentType: undefined, notWaitedFor: new Set<string>() },
      ...{ maxInFlight: 3, settle, attempts: 3, retryDelay: 30_000, deadline: 1_500_000 },
      ...more,
    };
    if (settings.queue.mode === "existing") this.rabbit.declare(settings.queue.name);
    const consumer = new EventConsumer({
      ...{ service: order, settings, memory: this.memory, flows: this.flows, hasDied },
      system: { namespace: "regards", tenant: system.tenant, address: undefined, appId: "node-red" },
      broker: this.#broker,
      tracker: settle === "handed" ? undefined : this.#tracker,
      host: {
        log: { info: (key: string) => this.logged.push(key), warn: (key: string) => this.logged.push(key) },
        newMessageId: () => `id${++this.#ids}`,
        leadsTo: () => this.leadsTo,
        stoppedNode: () => "a stopped node",
        send: (output: number, message: EventMessage) => {
          if (this.failure !== undefined) throw this.failure;
          this.#send(output, message);
        },
        changed: () => undefined,
        measured: (name: string, id: string) => this.measured.push(`${name} ${id}`),
        answered: () => undefined,
        debug: () => undefined,
        statusWord: (key: string) => key,
      },
    } as unknown as ConstructorParameters<typeof EventConsumer>[0]);
    this.consumers.push(consumer);
    await settled();
    return consumer;
  }

  /** REGARDS publishes an event; everything happens that needs no time. */
  async publish(name: string, headers: Record<string, unknown> = {}): Promise<void> {
    const body = JSON.stringify({ status: "DONE", correlationId: name });
    this.rabbit.publish(EXCHANGE, "", body, { correlationId: name, timestamp: 1, headers });
    await settled();
  }

  /** The names of the events the flow has seen, in order. */
  get seen(): string[] {
    return this.sent.map(({ body }) => body);
  }

  last(): Sent {
    const last = this.sent.at(-1);
    if (last === undefined) throw new Error("The flow has seen nothing.");
    return last;
  }

  async end(sent: Sent, outcome: Outcome = { kind: "finished" }): Promise<void> {
    sent.run.end(outcome);
    await settled();
  }

  async fail(sent: Sent): Promise<void> {
    await this.end(sent, { kind: "failed", node: "function", reason: "no" });
  }

  async cut(): Promise<void> {
    this.rabbit.consuming.cut();
    await settled();
  }

  async restore(): Promise<void> {
    this.rabbit.consuming.restore();
    await settled();
  }

  /** The connection is lost and comes back at once. */
  async reconnect(): Promise<void> {
    await this.cut();
    await this.restore();
  }

  /** Nothing of the queue is with the broker: no event waits, and none is unsettled. */
  get isEmpty(): boolean {
    return this.rabbit.ready(QUEUE).length + this.rabbit.unacked(QUEUE).length === 0;
  }

  /** Closes a life of the node, letting as much time pass as that takes; says how long. */
  async close(consumer: EventConsumer, removed = false): Promise<number> {
    let isClosed = false;
    void consumer.close(removed).then(() => {
      isClosed = true;
    });
    let passed = 0;
    for (; passed < 60_000; passed += 100) {
      await settled();
      if (isClosed) break;
      await this.time.advance(100);
    }
    return passed;
  }

  stop(): void {
    this.time.stop();
  }

  readonly #broker = {
    lease: (role: "consume" | "publish") => {
      this.leases += 1;
      const link = role === "consume" ? this.rabbit.consuming : this.rabbit.publishing;
      return {
        connection: link.typed,
        release: async () => {
          this.leases -= 1;
          if (this.closing > 0) await new Promise((resolve) => setTimeout(resolve, this.closing));
        },
      };
    },
  } as unknown as Broker;

  readonly #tracker = {
    acquire: () => {
      this.trackerUsers += 1;
    },
    release: () => {
      this.trackerUsers -= 1;
    },
    track: (
      _message: EventMessage,
      send: () => void,
      finish: (outcome: Outcome) => void,
      { endsByVerdict = false }: TrackOptions,
    ): Run => {
      const run: FakeRun = {
        ...{ heldBy: "function", isForgotten: false, isIdle: false, isPassedOn: false, endsByVerdict },
        end: (outcome = { kind: "finished" }) => {
          run.isIdle = true;
          if (!run.isForgotten && !(endsByVerdict && outcome.kind === "finished")) {
            run.isForgotten = true;
            finish(outcome);
          }
        },
      };
      this.#next = run;
      send();
      return run as unknown as Run;
    },
    forget: (run: FakeRun) => {
      run.isForgotten = true;
    },
    runsOf: () => new Set(this.runsOf),
  } as unknown as CompletionTracker;

  #next: FakeRun = {
    heldBy: "",
    isForgotten: true,
    isIdle: true,
    isPassedOn: false,
    endsByVerdict: false,
    end: () => undefined,
  };

  #send(output: number, message: EventMessage): void {
    const { correlationId } = message.regards;
    this.sent.push({
      output,
      message,
      regards: message.regards,
      body: String(correlationId),
      run: this.#next,
    });
  }
}
