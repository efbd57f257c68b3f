/**
 * Knows when a flow has finished with a message and everything derived from it, whatever nodes it passed. Enters: a
 * message and how to send it, and what Node-RED's messaging hooks tell: a node sends a message, takes it, and
 * completes it. Leaves: one outcome. It must never know AMQP or REGARDS; it could be a package of its own.
 */
import { TIMING } from "./after";
import { Answers } from "./answers";
import { undelivered } from "./destinations";
import { Errors, wordsOf } from "./errors";
import { FileNodes } from "./file-nodes";
import { LateNodes } from "./late-nodes";
import { LookingIn } from "./looking-in";
import {
  completesBeforeItsAnswer,
  dropsAllWithOneError,
  hasHandler,
  isSilent,
  neverCompletes,
} from "./node-types";
import { Origins } from "./origins";
import { type EndedRun, type Outcome, type Pending, Run } from "./run";
import { Runs, type TrackOptions } from "./runs";
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
import { StoppedNodes } from "./stopped-nodes";
import { SwitchQueues } from "./switch-queues";
import { Triggers } from "./triggers";

const LABEL = "regards-flow";

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
  readonly #hooks: Runtime["hooks"];
  readonly #origins = new Origins();
  readonly #runs = new Runs(this.#origins);
  readonly #senders = new Senders();
  readonly #late: LateNodes;
  readonly #errors: Errors;
  readonly #answers: Answers;
  readonly #files: FileNodes;
  readonly #switches: SwitchQueues;
  readonly #triggers: Triggers;
  readonly #stopped: StoppedNodes;
  readonly #watched = new WeakSet<FlowNode>();
  readonly #errorsOf: LookingIn<"error">;
  readonly #statusOf: LookingIn<"status">;
  #users = 0;

  constructor(runtime: Runtime, timing = TIMING) {
    this.#hooks = runtime.hooks;
    const letGo = (pending: Pending): void => this.#runs.letGo(pending);
    const completeAlone = (pending: Pending): void => {
      // What the node has sent last was another message: this one did not go into that.
      this.#senders.forget();
      this.#complete(pending);
    };
    this.#late = new LateNodes(this.#origins, timing.answer, (node) => runtime.warnLate(node));
    this.#errors = new Errors(this.#origins, letGo, (node, run) => this.#late.acts(node, run));
    this.#answers = new Answers(this.#origins, timing, letGo);
    this.#files = new FileNodes(this.#origins, letGo);
    this.#switches = new SwitchQueues(completeAlone);
    this.#triggers = new Triggers(completeAlone, (msg, path) => runtime.propertyOf(msg, path));
    this.#stopped = new StoppedNodes(runtime, this.#runs, timing);
    this.#errorsOf = new LookingIn("error", (node, args, call) => {
      this.#files.reports(node, args[1]);
      this.#errors.reported(node, args, call);
      if (dropsAllWithOneError(node)) {
        this.#runs.failAt(node, args[1], wordsOf(args[0]));
      }
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
    const hooks = this.#hooks;
    hooks.add(`onSend.${LABEL}`, (events: readonly SendEvent[]) => this.#onSend(events));
    hooks.add(`preDeliver.${LABEL}`, (event: DeliverEvent) => this.#preDeliver(event));
    hooks.add(`onReceive.${LABEL}`, (event: ReceiveEvent) => this.#onReceive(event));
    hooks.add(`postReceive.${LABEL}`, (event: ReceiveEvent) => this.#postReceive(event));
    hooks.add(`onComplete.${LABEL}`, (event: CompleteEvent) => this.#onComplete(event));
    this.#stopped.begin();
  }

  /** One fewer; after the last there are no hooks. */
  release(): void {
    this.#users -= 1;
    if (this.#users > 0) {
      return;
    }
    this.#hooks.remove(`*.${LABEL}`);
    this.#stopped.end();
    this.#runs.clear();
    this.#origins.forget();
  }

  /** Sends a message and calls back once, with how it ended. */
  track(
    message: FlowMessage,
    send: () => void,
    finish: (outcome: Outcome) => void,
    options: TrackOptions = {},
  ): Run {
    const run = this.#runs.begin(message, send, finish, options);
    this.#senders.forget();
    return run;
  }

  /** The runs without an outcome yet that a message belongs to: its own, and those built into that, as join does. */
  runsOf(message: FlowMessage): Set<Run> {
    const own = this.#origins.runOf(message);
    const found = new Set<Run>();
    const open = own instanceof Run ? [own] : [];
    for (const run of open) {
      if (!run.hasEnded && !found.has(run)) {
        found.add(run);
        open.push(...(run.joined ?? []));
      }
    }
    return found;
  }

  /** Forgets a run: its delivery was settled otherwise. */
  forget(run: Run): void {
    this.#runs.forget(run);
  }

  #onSend(events: readonly SendEvent[]): void {
    if (this.#runs.size === 0 || !events.some(({ msg, source }) => this.#isOfRun(msg, source.node))) {
      return;
    }
    for (const each of undelivered(events)) {
      const { msg, source } = each.event;
      const run = this.#origins.runOf(msg, source.node);
      if (run instanceof Run) {
        this.#stopped.drops(run, each);
        this.#senders.sends(source.node, run);
      }
    }
  }

  #isOfRun(msg: FlowMessage, sender: FlowNode): boolean {
    return this.#origins.runOf(msg, sender) instanceof Run;
  }

  #preDeliver(event: DeliverEvent): void {
    const { msg, source, destination } = event;
    const run = this.#origins.runOf(msg, source.node);
    if (run !== undefined) {
      this.#late.acts(source.node, run);
    }
    if (run instanceof Run) {
      this.#hold(run, destination.node, msg, false);
      this.#senders.sends(source.node, run);
    } else if (this.#runs.size > 0 && this.#watched.has(source.node)) {
      this.#senders.sendsStranger(event);
    }
  }

  #onReceive({ msg, destination: { node } }: ReceiveEvent): void {
    this.#senders.forget();
    let pending = this.#origins.onItsWay(msg, node);
    if (pending === undefined) {
      // Handed over directly, as to a Catch node.
      const run = this.#runReceivedBy(node, msg);
      if (run instanceof Run) {
        const before = this.#origins.passedOnTo(msg, node);
        pending = this.#hold(run, node, msg, true);
        if (before !== undefined) {
          this.#runs.letGo(before);
        }
      }
    } else {
      pending.hasArrived = true;
    }
    this.#origins.enter(msg, node, pending);
  }

  #runReceivedBy(node: FlowNode, msg: FlowMessage): Run | EndedRun | undefined {
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
    if (pending !== undefined) {
      this.#handled(pending, node);
    }
  }

  /** The node's input handler has returned. */
  #handled(pending: Pending, node: FlowNode): void {
    const { run } = pending;
    if (this.#stopped.isClosed(node) && !hasHandler(node)) {
      run.abandon(node);
      this.#complete(pending);
    } else if (run.notWaitedFor.has(node.type) || neverCompletes(node)) {
      this.#complete(pending);
    } else if (this.#late.isAsynchronous(node)) {
      this.#answers.await(pending);
    } else if (isSilent(node)) {
      this.#complete(pending);
    }
  }

  #onComplete({ msg, error, node: { node } }: CompleteEvent): void {
    const pending = this.#origins.taken(msg, node);
    this.#files.completes(node);
    const isKept = node.type === "trigger" && this.#triggers.keeps(node, msg, pending);
    if (pending === undefined) {
      return;
    }
    if (error) {
      this.#errors.completed(pending, msg);
      this.#complete(pending);
    } else if (completesBeforeItsAnswer(node)) {
      this.#answers.await(pending);
    } else if (!isKept) {
      this.#complete(pending);
    }
  }

  /** The node is done with the message. */
  #complete(pending: Pending): void {
    const { run } = pending;
    const node = pending.node as FlowNode;
    if (this.#stopped.isClosing(node)) {
      run.abandon(node);
    }
    const sentFor = this.#senders.completes(node, run);
    if (sentFor !== undefined) {
      run.joinInto(sentFor);
    } else if (!run.hasEnded) {
      for (const { msg, destination } of this.#senders.strangersOf(node)) {
        this.#hold(run, destination.node, msg, false);
        this.#senders.sends(node, run);
      }
    }
    this.#runs.letGo(pending);
  }

  #hold(run: Run, node: FlowNode, msg: FlowMessage, hasArrived: boolean): Pending {
    if (!this.#watched.has(node)) {
      this.#watched.add(node);
      this.#stopped.watch(node);
      this.#errorsOf.on(node);
      if (node.type === "trigger") {
        this.#statusOf.on(node);
      }
    }
    this.#files.watch(node);
    if (completesBeforeItsAnswer(node) || this.#late.isAsynchronous(node)) {
      this.#answers.expectFrom(node);
    }
    return this.#origins.hold(run, node, msg, hasArrived);
  }
}
