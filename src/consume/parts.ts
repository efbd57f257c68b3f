/** What a consumer is made of, and what it needs of the Node-RED node it serves. Types only. */
import type { Broker } from "../amqp/broker";
import type { NodeLog } from "../amqp/log";
import type { CompletionTracker } from "../completion/tracker";
import type { Service } from "../regards/services";
import type { RegardsSystem } from "../regards/system";
import type { EventMemory } from "./event-memory";
import type { FlowsState } from "./flows-state";
import type { EventMessage } from "./message";
import type { ConsumerSettings } from "./settings";

/** The Node-RED node, as far as a consumer needs it. */
export interface ConsumerHost {
  readonly log: NodeLog;
  newMessageId(): string;
  /** Where the wires of an output lead now: to nothing, only to nodes that do not run, or to one that does. */
  leadsTo(output: number): "nowhere" | "stopped" | "running";
  /** A node at that output that does not run, in words. */
  stoppedNode(output: number): string;
  send(output: number, message: EventMessage): void;
  /** An event goes to the flow, or has come to its end after so long; for Node-RED's own metrics. */
  measured(name: "receive" | "done", messageId: string, milliseconds?: number): void;
  /** An event that may be an answer; returns what its request was to be known by, if it is one. */
  answered(correlationId: string | undefined, isFinal: boolean): unknown;
  /** What `view` shows has changed. */
  changed(): void;
  debug(words: string): void;
  /** Words of the status, for the log: a cause, a part of a sentence. */
  statusWord(key: string): string;
}

/** What a consumer is made of. */
export interface ConsumerParts {
  readonly service: Service;
  readonly settings: ConsumerSettings;
  readonly system: RegardsSystem;
  readonly broker: Broker;
  /** What this process knows of the node's events from its earlier lives. */
  readonly memory: EventMemory;
  /** Where the flow is followed: not where events are settled as they are handed to it. */
  readonly tracker: CompletionTracker | undefined;
  readonly flows: FlowsState;
  /** True where the process before this one ended without a word. */
  readonly hasDied: boolean;
  readonly host: ConsumerHost;
}
