/**
 * Knows when a flow has finished with a message and everything derived from it, whatever nodes it passed. Enters: a
 * message and how to send it, and what Node-RED's messaging hooks tell: a node sends a message, takes it, and
 * completes it. Leaves: one outcome. It must never know AMQP or REGARDS; it could be a package of its own.
 */
import { stoppedNode, type Undelivered, undelivered } from "./destinations";
import { Errors, isMessage } from "./errors";
import { LateNodes } from "./late-nodes";
import { LookingIn } from "./looking-in";
import { completesBeforeItsAnswer, hasHandler, isSilent, neverCompletes } from "./node-types";
import { Origins } from "./origins";
import { type Outcome, Pending, type Run } from "./run";
import { Runs } from "./runs";
import type {
  CompleteEvent,
  DeliverEvent,
  FlowMessage,
  FlowNode,
  ReceiveEvent,
  Runtime,
  SendEvent,
} from "./runtime";
import { Senders } from "./senders";
import { SwitchQueues } from "./switch-queues";
import { Triggers } from "./triggers";

const LABEL = "regards-flow";

/** How long what is not told is waited for, in milliseconds. */
export interface Timing {
  /** For a stopped node, to complete what it held. */
  readonly closing: number;
  /** For a node that does not tell when it is done, to send something. */
  readonly answer: number;
}

const TIMING: Timing = { closing: 5_000, answer: 60_000 };

/** Calls back after some time; returns how to prevent that. */
export type After = (milliseconds: number, work: () => void) => () => void;

const realTime: After = (milliseconds, work) => {
  const timer = setTimeout(work, milliseconds).unref();
  return () => clearTimeout(timer);
};

/** What may be different from run to run. */
export interface TrackOptions {
  /** Types of nodes that count as finished when their handler returns. */
  readonly notWaitedFor?: ReadonlySet<string>;
}

const trackers = new WeakMap<object, CompletionTracker>();

/** One tracker serves one Node-RED runtime: its hooks are global. */
export function trackerOf(runtime: Runtime): CompletionTracker {
  let tracker = trackers.get(runtime.hooks);
  if (tracker === undefined) {
    tracker = new CompletionTracker(runtime);
    trackers.set(runtime.hooks, tracker);
  }
  return tracker;
}

export class CompletionTracker {
  readonly #runtime: Runtime;
  readonly #timing: Timing;
  readonly #after: After;
  readonly #origins = new Origins();
  readonly #runs = new Runs(this.#origins);
  readonly #senders = new Senders();
  readonly #late: LateNodes;
  readonly #errors: Errors;
  readonly #switches: SwitchQueues;
  readonly #triggers: Triggers;
  readonly #watched = new WeakSet<FlowNode>();
  /** Nodes whose close handlers have been called. */
  readonly #closed = new WeakSet<FlowNode>();
  readonly #errorsOf: LookingIn<"error">;
  readonly #sendsOf: LookingIn<"send">;
  readonly #statusOf: LookingIn<"status">;
  #stopWatching: (() => void) | undefined;
  #users = 0;

  constructor(runtime: Runtime, timing = TIMING, after = realTime) {
    this.#runtime = runtime;
    this.#timing = timing;
    this.#after = after;
    const letGo = (pending: Pending): void => this.#runs.letGo(pending);
    this.#late = new LateNodes(this.#origins, timing.answer, (node) => runtime.warnLate(node));
    this.#errors = new Errors(this.#origins, letGo, (node, run) => this.#late.acts(node, run));
    const completeAlone = (pending: Pending): void => {
      // What the node has sent last was another message: this one did not go into that.
      this.#senders.forget();
      this.#complete(pending);
    };
    this.#switches = new SwitchQueues(completeAlone);
    this.#triggers = new Triggers(completeAlone, (msg, path) => runtime.propertyOf(msg, path));
    this.#errorsOf = new LookingIn("error", (node, args, call) => this.#errors.reported(node, args, call));
    this.#sendsOf = new LookingIn("send", (node, [msgs], call) => {
      call();
      this.#answered(node, msgs);
    });
    this.#statusOf = new LookingIn("status", (node, _args, call) => {
      call();
      this.#triggers.onStatus(node);
    });
  }

  /** Runs without an outcome yet. */
  get size(): number {
    return this.#runs.size;
  }

  /** One more node needs the hooks. */
  acquire(): void {
    this.#users += 1;
    if (this.#users > 1) {
      return;
    }
    const { hooks, restarts } = this.#runtime;
    hooks.add(`onSend.${LABEL}`, (events: readonly SendEvent[]) => this.#onSend(events));
    hooks.add(`preDeliver.${LABEL}`, (event: DeliverEvent) => this.#preDeliver(event));
    hooks.add(`onReceive.${LABEL}`, (event: ReceiveEvent) => this.#onReceive(event));
    hooks.add(`postReceive.${LABEL}`, (event: ReceiveEvent) => this.#postReceive(event));
    hooks.add(`onComplete.${LABEL}`, (event: CompleteEvent) => this.#onComplete(event));
    this.#stopWatching = restarts.onChange((isGoingOn) => {
      if (!isGoingOn) {
        this.#giveUpUndelivered();
      }
    });
  }

  /** One fewer; after the last there are no hooks. */
  release(): void {
    this.#users -= 1;
    if (this.#users > 0) {
      return;
    }
    this.#runtime.hooks.remove(`*.${LABEL}`);
    this.#stopWatching?.();
    this.#runs.clear();
    this.#origins.forget();
  }

  /** Sends a message and calls back once, with how it ended. */
  track(
    message: FlowMessage,
    send: () => void,
    finish: (outcome: Outcome) => void,
    { notWaitedFor }: TrackOptions = {},
  ): Run {
    const run = this.#runs.begin(message, send, finish, notWaitedFor);
    this.#senders.forget();
    return run;
  }

  /** Forgets a run: its delivery was settled otherwise. */
  forget(run: Run): void {
    this.#runs.forget(run);
  }

  #onSend(events: readonly SendEvent[]): void {
    if (this.#runs.size > 0) {
      for (const each of undelivered(events)) {
        this.#undeliverable(each);
      }
    }
  }

  /** Node-RED drops what is sent to a node that does not run. */
  #undeliverable({ event: { msg, source, destination }, isPartly }: Undelivered): void {
    const run = this.#origins.runOf(msg, source.node);
    if (run === undefined || run.hasEnded) {
      return;
    }
    if (this.#runtime.restarts.isGoingOn) {
      // The node may be there again in a moment, and would have got it.
      run.abandon(source.node);
    } else if (!isPartly) {
      const node = stoppedNode(this.#runtime, source.node, destination.id);
      run.add(new Pending(run, node, undefined, false));
    }
    this.#senders.sends(source.node, run);
  }

  /** The flows run again, perhaps with the nodes that were missing: what waited for them has to come again. */
  #giveUpUndelivered(): void {
    this.#abandon((pending) => pending.message === undefined);
  }

  #preDeliver({ msg, source, destination }: DeliverEvent): void {
    const run = this.#origins.runOf(msg, source.node);
    if (run === undefined) {
      return;
    }
    this.#late.acts(source.node, run);
    if (!run.hasEnded) {
      this.#hold(run, destination.node, msg, false);
      this.#senders.sends(source.node, run);
    }
  }

  #onReceive({ msg, destination: { node } }: ReceiveEvent): void {
    this.#senders.forget();
    let pending = this.#origins.onItsWay(msg, node);
    if (pending === undefined) {
      // Handed over directly, as to a Catch node.
      const run = this.#runReceivedBy(node, msg);
      if (run !== undefined && !run.hasEnded) {
        pending = this.#hold(run, node, msg, true);
      }
    } else {
      pending.hasArrived = true;
    }
    this.#origins.enter(msg, node, pending);
  }

  #runReceivedBy(node: FlowNode, msg: FlowMessage): Run | undefined {
    switch (node.type) {
      case "catch":
        return this.#errors.caught() ?? this.#origins.knownRunOf(msg);
      case "status":
        // What a node shows is not the message it works on.
        return undefined;
      default:
        return this.#origins.runOf(msg);
    }
  }

  #postReceive({ msg, destination: { node } }: ReceiveEvent): void {
    this.#origins.leave(node);
    if (node.type === "switch" && node._expectedDoneCount === 0) {
      this.#switches.pass(node, this.#origins.taken(msg, node));
      return;
    }
    const pending = this.#runs.size > 0 ? this.#origins.taken(msg, node) : undefined;
    if (pending === undefined) {
      return;
    }
    if (this.#closed.has(node) && !hasHandler(node)) {
      pending.run.abandon(node);
      this.#complete(pending);
    } else if (pending.run.notWaitedFor.has(node.type) || neverCompletes(node)) {
      this.#complete(pending);
    } else if (this.#late.isAsynchronous(node)) {
      this.#awaitAnswer(pending);
    } else if (isSilent(node)) {
      this.#complete(pending);
    }
  }

  #onComplete({ msg, error, node: { node } }: CompleteEvent): void {
    const pending = this.#origins.taken(msg, node);
    const isKept = node.type === "trigger" && this.#triggers.keeps(node, msg, pending);
    if (pending === undefined) {
      return;
    }
    if (error) {
      this.#errors.completed(pending, msg);
      this.#complete(pending);
    } else if (completesBeforeItsAnswer(node)) {
      this.#awaitAnswer(pending);
    } else if (!isKept) {
      this.#complete(pending);
    }
  }

  /** The node is done with the message. */
  #complete(pending: Pending): void {
    const { run } = pending;
    const node = pending.node as FlowNode;
    const { restarts } = this.#runtime;
    if (restarts.isGoingOn && !this.#closed.has(node) && this.#runtime.nodeNow(node.id) !== node) {
      // It is being closed, and calls completed what it drops, as the delay node does.
      run.abandon(node);
    }
    const sentFor = this.#senders.completes(node, run);
    if (sentFor !== undefined) {
      run.joinInto(sentFor);
    }
    this.#runs.letGo(pending);
  }

  #hold(run: Run, node: FlowNode, msg: FlowMessage, hasArrived: boolean): Pending {
    if (!this.#watched.has(node)) {
      this.#watched.add(node);
      node.on("close", () => this.#stopped(node));
      this.#errorsOf.on(node);
      if (node.type === "trigger") {
        this.#statusOf.on(node);
      }
    }
    if (completesBeforeItsAnswer(node) || this.#late.isAsynchronous(node)) {
      this.#sendsOf.on(node);
    }
    return this.#origins.hold(run, node, msg, hasArrived);
  }

  /** The node does not tell when it is done with the message, and sends something then, or reports an error. */
  #awaitAnswer(pending: Pending): void {
    if (pending.stopWaiting === undefined) {
      pending.stopWaiting = this.#after(this.#timing.answer, () => this.#runs.letGo(pending));
    }
  }

  /** Such a node has sent something. */
  #answered(node: FlowNode, msgs: unknown): void {
    for (const msg of [msgs].flat(2)) {
      const pending = isMessage(msg) ? this.#origins.meant(msg, node) : undefined;
      if (pending !== undefined) {
        this.#runs.letGo(pending);
      }
    }
  }

  /** A stopped node may complete what it is at work on, for some seconds; the rest has to come again. */
  #stopped(node: FlowNode): void {
    this.#closed.add(node);
    if (![...this.#runs].some((run) => run.find((pending) => pending.node === node))) {
      return;
    }
    this.#after(this.#timing.closing, () => this.#abandon((pending) => pending.node === node));
  }

  #abandon(isMeant: (pending: Pending) => boolean): void {
    for (const run of [...this.#runs]) {
      for (const pending of run.filter(isMeant)) {
        run.abandon(pending.node);
        this.#runs.letGo(pending);
      }
    }
  }
}
