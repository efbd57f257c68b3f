/**
 * Deals with nodes that do not run, or not any more. Enters: nodes that are closed, messages sent to nodes that do
 * not run, and the start of the flows. Leaves: runs that have to come again. It must never abandon what a node that
 * was closed still brings to its end.
 */
import type { Timing } from "./after";
import { stoppedNode, type Undelivered } from "./destinations";
import { leavingOf, onLeaving } from "./leaving";
import { Pending, type Run } from "./run";
import type { Runs } from "./runs";
import type { FlowNode, Runtime } from "./runtime";

export class StoppedNodes {
  readonly #runtime: Runtime;
  readonly #runs: Runs;
  readonly #timing: Timing;
  /** Nodes whose close handlers have been called. */
  readonly #closed = new WeakSet<FlowNode>();
  #stopWatching: (() => void) | undefined;
  #stopListening: (() => void) | undefined;

  constructor(runtime: Runtime, runs: Runs, timing: Timing) {
    this.#runtime = runtime;
    this.#runs = runs;
    this.#timing = timing;
  }

  /** Watches the flows' restarts until `end`. */
  begin(): void {
    this.#stopWatching = this.#runtime.restarts.onChange((isGoingOn) => {
      if (!isGoingOn) {
        // Perhaps with the nodes that were missing: what waited for them has to come again.
        this.#abandon((pending) => pending.message === undefined);
      }
    });
    this.#stopListening = onLeaving((node) => {
      if (leavingOf(node) === "drops") {
        this.#abandon((pending) => pending.node === node);
      }
    });
  }

  end(): void {
    this.#stopWatching?.();
    this.#stopListening?.();
  }

  /** From now on it is known when the node is closed. */
  watch(node: FlowNode): void {
    node.on("close", () => this.#stopped(node));
  }

  isClosed(node: FlowNode): boolean {
    return this.#closed.has(node);
  }

  /** Whether the node's close handlers are being called: it may call completed what it drops, as delay does. */
  isClosing(node: FlowNode): boolean {
    const { restarts } = this.#runtime;
    return restarts.isGoingOn && !this.#closed.has(node) && this.#runtime.nodeNow(node.id) !== node;
  }

  /** Node-RED drops what is sent to a node that does not run. */
  drops(run: Run, { event: { source, destination }, isPartly }: Undelivered): void {
    if (this.#runtime.restarts.isGoingOn) {
      // The node may be there again in a moment, and would have got it.
      run.abandon(source.node);
    } else if (!isPartly) {
      run.add(new Pending(run, stoppedNode(this.#runtime, source.node, destination.id), undefined, false));
    }
  }

  /** A stopped node may complete what it is at work on, for some seconds; the rest has to come again. */
  #stopped(node: FlowNode): void {
    this.#closed.add(node);
    if (leavingOf(node) !== undefined) {
      return;
    }
    if ([...this.#runs].some((run) => run.find((pending) => pending.node === node))) {
      const { after, closing } = this.#timing;
      after(closing, () => this.#abandon((pending) => pending.node === node));
    }
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
