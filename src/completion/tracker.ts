/**
 * Knows when a flow has finished with a message and everything derived from it, whatever nodes it passed.
 * Node-RED says when a node takes a message and when it completes it (messaging hooks); an asynchronous
 * context carries the run through nodes that build new messages. Enters: a message and how to send it.
 * Leaves: one outcome. It knows nothing of AMQP or REGARDS.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { Hooks } from "./hooks";
import { abandon, follow, nameOf, type Outcome, Run } from "./run";
import type {
  CompleteEvent,
  DeliverEvent,
  FlowMessage,
  FlowNode,
  LogEntry,
  ReceiveEvent,
  RouteEvent,
  Runtime,
} from "./runtime";
import { SwitchQueues } from "./switch-queues";

/** A message of a run with a node; the same message may be with several. */
interface Holding {
  readonly run: Run;
  readonly node: FlowNode;
  arrived: boolean;
  next: Holding | undefined;
}

const LABEL = "regards-flow";
const ERROR_LEVEL = 20;
/** How long a stopped node may take to complete what it held. */
const CLOSING_GRACE_MS = 1_000;
/** After so long without a run the hooks rest: every hop of every flow would pay for them. */
const REST_MS = 10_000;

/** In Node-RED's words; all but the last are in place while there are runs. */
type Hook = "postReceive" | "preDeliver" | "onReceive" | "onComplete" | "preRoute";

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
  readonly #context = new AsyncLocalStorage<Run>();
  readonly #runs = new Map<string, Run>();
  #holdings = new WeakMap<FlowMessage, Holding>();
  readonly #watched = new WeakSet<FlowNode>();
  readonly #warned = new WeakSet<FlowNode>();
  readonly #switches: SwitchQueues;
  readonly #hooks: Hooks<Hook>;
  readonly #logHandler = { emit: (_event: "log", entry: LogEntry) => this.#logged(entry) };
  #stopWatching: (() => void) | undefined;
  #users = 0;
  /** Runs while the hooks are in place, and looks whether they still must be. */
  #rest: NodeJS.Timeout | undefined;
  #isUsed = false;
  #ended: Run[] = [];
  /** The node now sending, and for which runs: what it completes meanwhile went into those messages. */
  #sender: FlowNode | undefined;
  #sentFor: Run | undefined;
  /** The same with those before it, where there are several. */
  #alsoSentFor: Set<Run> | undefined;
  /** The completion with an error being reported this very moment. */
  #failing: { readonly run: Run; readonly node: FlowNode } | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#switches = new SwitchQueues((msg, node) => {
      // What the switch has sent last was another message: this one did not go into that.
      this.#sender = undefined;
      this.#complete(msg, node);
    });
    const { hooks } = runtime;
    this.#hooks = new Hooks<Hook>(hooks, LABEL, [
      ["postReceive", (id) => hooks.add(id, (event: ReceiveEvent) => this.#postReceive(event))],
      ["preDeliver", (id) => hooks.add(id, (event: DeliverEvent) => this.#preDeliver(event))],
      ["onReceive", (id) => hooks.add(id, (event: ReceiveEvent) => this.#onReceive(event))],
      ["onComplete", (id) => hooks.add(id, (event: CompleteEvent) => this.#onComplete(event))],
      ["preRoute", (id) => hooks.add(id, (event: RouteEvent) => this.#preRoute(event))],
    ]);
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
    const { log, restarts } = this.#runtime;
    log.addHandler(this.#logHandler);
    this.#stopWatching = restarts.onChange(() => this.#useHooks());
    this.#wake();
  }

  /** One fewer; after the last the runtime is as it was. */
  release(): void {
    this.#users -= 1;
    if (this.#users > 0) {
      return;
    }
    clearInterval(this.#rest);
    this.#rest = undefined;
    this.#stopWatching?.();
    this.#useHooks();
    this.#runtime.log.removeHandler(this.#logHandler);
    this.#context.disable();
    this.#holdings = new WeakMap();
    this.#runs.clear();
  }

  #wake(): void {
    this.#isUsed = true;
    this.#switches.begin();
    this.#rest = setInterval(() => {
      if (!this.#isUsed && this.#runs.size === 0) {
        clearInterval(this.#rest);
        this.#rest = undefined;
        this.#useHooks();
      }
      this.#isUsed = false;
    }, REST_MS / 2);
    this.#rest.unref();
    this.#useHooks();
  }

  #useHooks(): void {
    const isAwake = this.#rest !== undefined;
    // While nodes are exchanged, Node-RED drops what is sent to one that is not there.
    const isRestarting = this.#users > 0 && this.#runtime.restarts.isGoingOn;
    this.#hooks.use((hook) => (hook === "preRoute" ? isRestarting : isAwake));
  }

  /** Sends a message and calls back once, with how it ended. */
  track(message: Pick<FlowMessage, "_msgid">, send: () => void, finish: (outcome: Outcome) => void): Run {
    if (this.#rest === undefined) {
      this.#wake();
    }
    this.#isUsed = true;
    const run = new Run(message._msgid, finish);
    this.#runs.set(run.messageId, run);
    run.count = 1;
    this.#context.run(run, send);
    this.#sender = undefined;
    run.count -= 1;
    this.#settleSoon(run);
    return run;
  }

  /** Forgets a run: its delivery was settled otherwise. */
  forget(run: Run): void {
    run.finish = undefined;
    this.#decide(run);
  }

  #preRoute({ msg, source, destination: { id } }: RouteEvent): void {
    const run = this.#runOf(msg);
    if (run !== undefined && this.#runtime.nodeNow(id) === undefined) {
      abandon(run, source.node);
    }
  }

  #runOf(message: FlowMessage): Run | undefined {
    return this.#holdings.get(message)?.run ?? this.#runs.get(message._msgid) ?? this.#context.getStore();
  }

  #preDeliver({ msg, source, destination }: DeliverEvent): void {
    const run = this.#runOf(msg);
    if (run === undefined) {
      return;
    }
    if (run.decided) {
      this.#late(source.node);
      return;
    }
    this.#hold(run, msg, destination.node, false);
    if (this.#sender !== source.node) {
      this.#sender = source.node;
      this.#alsoSentFor = undefined;
    } else if (this.#sentFor !== run && this.#sentFor !== undefined) {
      this.#alsoSentFor ??= new Set([this.#sentFor]);
      this.#alsoSentFor.add(run);
    }
    this.#sentFor = run;
  }

  #onReceive({ msg, destination: { node } }: ReceiveEvent): void {
    this.#sender = undefined;
    for (let held = this.#holdings.get(msg); held !== undefined; held = held.next) {
      if (held.node === node && !held.arrived) {
        held.arrived = true;
        return;
      }
    }
    const run = this.#runOf(msg);
    if (run === undefined || run.decided) {
      return;
    }
    this.#hold(run, msg, node, true);
    if (node.type === "catch") {
      this.#caught(run, msg);
    }
  }

  #postReceive({ msg, destination: { node } }: ReceiveEvent): void {
    if (node.type === "switch" && node._expectedDoneCount === 0) {
      this.#switches.pass(msg, node, this.#holdings.has(msg));
    } else if (this.#runs.size > 0 && isSilent(node)) {
      this.#complete(msg, node);
    }
  }

  #onComplete({ msg, error, node: { node } }: CompleteEvent): void {
    const run = this.#complete(msg, node);
    if (run !== undefined && error) {
      this.#failing = { run, node };
    }
  }

  #complete(msg: FlowMessage, node: FlowNode): Run | undefined {
    let before: Holding | undefined;
    let holding = this.#holdings.get(msg);
    while (holding !== undefined && !(holding.node === node && holding.arrived)) {
      before = holding;
      holding = holding.next;
    }
    if (holding === undefined) {
      return undefined;
    }
    if (before !== undefined) {
      before.next = holding.next;
    } else if (holding.next !== undefined) {
      this.#holdings.set(msg, holding.next);
    } else {
      // An empty entry would stay until the next garbage collection, and make that one longer.
      this.#holdings.delete(msg);
    }
    const { run } = holding;
    if (this.#runtime.restarts.isGoingOn && this.#runtime.nodeNow(node.id) !== node) {
      // A stopped node may call what it drops completed, as the delay node does.
      abandon(run, node);
    }
    if (this.#sender === node && this.#sentFor !== run && this.#alsoSentFor?.has(run) !== true) {
      follow(run, this.#sentFor);
    }
    this.#letGo(run, node);
    return run;
  }

  #hold(run: Run, msg: FlowMessage, node: FlowNode, arrived: boolean): void {
    const holding = { run, node, arrived, next: undefined };
    let last = this.#holdings.get(msg);
    while (last?.next !== undefined) {
      last = last.next;
    }
    if (last === undefined) {
      this.#holdings.set(msg, holding);
    } else {
      last.next = holding;
    }
    run.hold(node);
    if (!this.#watched.has(node)) {
      this.#watched.add(node);
      node.on("close", () => this.#stopped(node));
    }
  }

  #letGo(run: Run, node: FlowNode): void {
    run.letGo(node);
    this.#settleSoon(run);
  }

  /** A turn later: a Catch node is called after the completion, and takes the message up again. */
  #settleSoon(run: Run): void {
    if (run.count > 0 || run.decided) {
      return;
    }
    this.#ended.push(run);
    if (this.#ended.length === 1) {
      setImmediate(() => {
        const ended = this.#ended;
        this.#ended = [];
        for (const each of ended) {
          if (each.count === 0 && each.leader === undefined) {
            this.#decide(each);
          }
        }
      });
    }
  }

  #decide(run: Run): void {
    if (run.decided) {
      return;
    }
    run.decided = true;
    this.#runs.delete(run.messageId);
    run.forgetHolders();
    const { followers, finish } = run;
    run.followers = undefined;
    run.finish = undefined;
    finish?.(run.outcome);
    for (const follower of followers ?? []) {
      follower.leader = undefined;
      if (follower.outcome.kind === "finished") {
        follower.outcome = run.outcome;
      }
      this.#settleSoon(follower);
    }
  }

  /**
   * Node-RED logs an error only when no Catch node took it. The line comes synchronously, so it belongs to
   * the completion being reported, or else to the run of the current asynchronous context.
   */
  #logged(entry: LogEntry): void {
    if (entry.level !== ERROR_LEVEL || entry.id === undefined) {
      return;
    }
    const failing = this.#failing?.node.id === entry.id ? this.#failing : undefined;
    this.#failing = undefined;
    const run = failing?.run ?? this.#context.getStore();
    if (run === undefined || run.decided) {
      return;
    }
    const node = failing?.node ?? run.holderCalled(entry.id);
    if (node === undefined) {
      return;
    }
    run.outcome = { kind: "failed", node: nameOf(node), reason: wordsOf(entry.msg) };
    if (failing === undefined) {
      this.#gaveUp(run, node);
    }
  }

  #caught(run: Run, msg: FlowMessage): void {
    const source = msg.error?.source?.id;
    const failing = this.#failing?.node.id === source ? this.#failing : undefined;
    this.#failing = undefined;
    const node = source === undefined ? undefined : run.holderCalled(source);
    if (failing === undefined && node !== undefined) {
      this.#gaveUp(run, node);
    }
  }

  /**
   * A node that reports an error for a message without completing it (a handler that threw, a link call
   * that timed out) never will. Function nodes are different: theirs is a remark, they still complete.
   */
  #gaveUp(run: Run, node: FlowNode): void {
    if (node.type !== "function") {
      setImmediate(() => {
        if (run.isHeldBy(node)) {
          this.#letGo(run, node);
        }
      });
    }
  }

  /** What a stopped node held goes nowhere any more: its next nodes are gone too. */
  #stopped(node: FlowNode): void {
    const held = [...this.#runs.values()].filter((run) => run.isHeldBy(node));
    for (const run of held) {
      abandon(run, node);
    }
    if (held.length === 0) {
      return;
    }
    setTimeout(() => {
      for (const run of held) {
        while (!run.decided && run.isHeldBy(node)) {
          this.#letGo(run, node);
        }
      }
    }, CLOSING_GRACE_MS).unref();
  }

  #late(node: FlowNode): void {
    if ((node.type === "function" || isSilent(node)) && !this.#warned.has(node)) {
      this.#warned.add(node);
      this.#runtime.warnLate(node);
    }
  }
}

/** Handlers of one or two arguments (core filter among them) never signal completion. */
function isSilent(node: FlowNode): boolean {
  return node._expectedDoneCount === 0 || (!node._inputCallback && !node._inputCallbacks);
}

function wordsOf(reason: unknown): string {
  const words = reason instanceof Error ? reason.message : (encodedMessage(reason) ?? String(reason));
  return words.slice(0, 500);
}

/** The core debug node hears the log before we do, and rewrites an Error in place for the sidebar. */
function encodedMessage(reason: unknown): string | undefined {
  if (typeof reason !== "string" || !reason.startsWith('{"__enc__":true,"type":"error"')) {
    return undefined;
  }
  try {
    const { data }: { readonly data: { readonly message: unknown } } = JSON.parse(reason);
    return String(data.message);
  } catch {
    return undefined;
  }
}
