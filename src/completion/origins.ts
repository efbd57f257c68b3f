/**
 * Tells which run a message belongs to, by where it comes from: it is the very object a node of the run holds, it
 * bears the `_msgid` of one, or it is new and was made by a node at work on a message of the run. Enters: what the
 * hooks see. Leaves: a run, or the pending message meant. It must never put a message into a run merely because
 * of the asynchronous context in which it is handled: the timer of a rate limit carries everybody's messages.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { leavingOf } from "./leaving";
import { MessageIds } from "./message-ids";
import { isSilent } from "./node-types";
import { type EndedRun, Pending, Run } from "./run";
import type { FlowMessage, FlowNode, NamedNode } from "./runtime";

/** An input handler that is being executed. */
interface Handler {
  readonly node: FlowNode;
  readonly messageId: string;
  /** What it works on, if that is a run's. */
  readonly pending: Pending | undefined;
  /** The handler around it: a Catch node is called from within another node's. */
  readonly around: Pending | undefined;
}

/** Handlers are nested a few deep; more are left over from hooks that halted a delivery. */
const DEEPEST = 100;

export class Origins {
  /** The first of the nodes a message is with. */
  #pending = new WeakMap<FlowMessage, Pending>();
  /** What the handler worked on in which the present operation began. */
  readonly #context = new AsyncLocalStorage<Pending | undefined>();
  readonly #handlers: Handler[] = [];
  readonly #ids = new MessageIds();

  begin(run: Run): void {
    this.#ids.begin(run);
  }

  end(run: Run, ended: EndedRun): void {
    this.#ids.end(run, ended);
  }

  /** Calls a function that belongs to nobody's handler. */
  outside(work: () => void): void {
    this.#context.run(undefined, work);
  }

  /** After this every message is a stranger. */
  forget(): void {
    this.#context.disable();
    this.#pending = new WeakMap();
    this.#handlers.length = 0;
  }

  /** The run of a message, be it over or not; `sender` is the node that sends it, unless it was handed over directly. */
  runOf(msg: FlowMessage, sender?: NamedNode): Run | EndedRun | undefined {
    const held = this.#pending.get(msg);
    if (held !== undefined) {
      return held.run.now;
    }
    const owner = this.#ids.ownerOf(msg._msgid);
    return owner === undefined ? this.#maker(sender)?.run.now : (owner ?? undefined);
  }

  /** The run of a message that is not new. */
  knownRunOf(msg: FlowMessage): Run | EndedRun | undefined {
    return this.#pending.get(msg)?.run.now ?? this.#ids.ownerOf(msg._msgid) ?? undefined;
  }

  /** What the node works on that makes a new message now. */
  #maker(sender: NamedNode | undefined): Pending | undefined {
    const maker = this.#context.getStore();
    if (maker === undefined) {
      return undefined;
    }
    if (!maker.isDone || this.#handlers.at(-1)?.pending === maker) {
      return maker;
    }
    // It has not told when it was done, so it may still be at it.
    return sender === maker.node && isSilent(maker.node as FlowNode) ? maker : undefined;
  }

  /** The message is with the node, or on its way to it, from now on. */
  hold(run: Run, node: FlowNode, msg: FlowMessage, hasArrived: boolean): Pending {
    const pending = new Pending(run, node, msg, hasArrived);
    let last = this.#pending.get(msg);
    while (last?.elsewhere !== undefined) {
      last = last.elsewhere;
    }
    if (last === undefined) {
      this.#pending.set(msg, pending);
    } else {
      last.elsewhere = pending;
    }
    this.#ids.join(msg._msgid, run);
    run.add(pending);
    return pending;
  }

  /** The node holds the message no longer. */
  letGo(pending: Pending): void {
    const { message, run } = pending;
    if (message !== undefined) {
      this.#unlink(message, pending);
    }
    pending.message = undefined;
    pending.isDone = true;
    pending.stopWaiting?.();
    run.remove(pending);
  }

  #unlink(message: FlowMessage, pending: Pending): void {
    let held = this.#pending.get(message);
    if (held === pending) {
      if (pending.elsewhere === undefined) {
        // An empty entry would stay until the next garbage collection, and make that one longer.
        this.#pending.delete(message);
      } else {
        this.#pending.set(message, pending.elsewhere);
      }
      return;
    }
    while (held !== undefined && held.elsewhere !== pending) {
      held = held.elsewhere;
    }
    if (held !== undefined) {
      held.elsewhere = pending.elsewhere;
    }
  }

  /** The message that is on its way to the node. */
  onItsWay(msg: FlowMessage, node: FlowNode): Pending | undefined {
    return this.#held(msg, (each) => each.node === node && !each.hasArrived);
  }

  /** The message with an earlier node of this id, which was closed and passes it on. */
  passedOnTo(msg: FlowMessage, node: FlowNode): Pending | undefined {
    return this.#held(msg, (each) => each.node.id === node.id && leavingOf(each.node) !== undefined);
  }

  /** The message that the node has taken. */
  taken(msg: FlowMessage, node: FlowNode): Pending | undefined {
    return this.#held(msg, (each) => each.node === node && each.hasArrived);
  }

  #held(msg: FlowMessage, isMeant: (pending: Pending) => boolean): Pending | undefined {
    let held = this.#pending.get(msg);
    while (held !== undefined && !isMeant(held)) {
      held = held.elsewhere;
    }
    return held;
  }

  /** What a node means by a message it sends or reports on: the one it took, a copy of it, or one made from it. */
  meant(msg: FlowMessage, node: FlowNode): Pending | undefined {
    const same = this.taken(msg, node);
    if (same !== undefined) {
      return same;
    }
    const made = this.workedOnBy(node);
    const owner = this.#ids.ownerOf(msg._msgid);
    if (owner === undefined) {
      return made;
    }
    if (!(owner instanceof Run)) {
      return undefined;
    }
    const copy = owner.find((each) => each.node === node && each.message?._msgid === msg._msgid);
    return copy ?? (owner === made?.run ? made : undefined);
  }

  /** What the node was at work on when the present operation began, unless it has completed it. */
  workedOnBy(node: FlowNode): Pending | undefined {
    const pending = this.#context.getStore();
    return pending?.node === node && !pending.isDone ? pending : undefined;
  }

  /** Whether the node's input handler is being executed, for a message of the run, be that over or not. */
  isHandling(node: FlowNode, run: Run | EndedRun): boolean {
    const handler = this.#handlers.at(-1);
    if (handler?.node !== node) {
      return false;
    }
    const owner = this.#ids.ownerOf(handler.messageId);
    return run instanceof Run ? owner === run : run.is(owner);
  }

  /** The node's input handler is called next. */
  enter(msg: FlowMessage, node: FlowNode, pending: Pending | undefined): void {
    const around = this.#context.getStore();
    const isNobodys = pending === undefined && this.#ids.seenOutside(msg._msgid);
    if (isNobodys && around === undefined && this.#handlers.length === 0) {
      // Most messages of most flows: nothing that is asked later needs to know of their handlers.
      return;
    }
    if (this.#handlers.length >= DEEPEST) {
      this.#handlers.length = 0;
    }
    this.#handlers.push({ node, messageId: msg._msgid, pending, around });
    if (around !== pending) {
      this.#context.enterWith(pending);
    }
  }

  /** The node's input handler has returned. */
  leave(node: FlowNode): void {
    let handler = this.#handlers.pop();
    while (handler !== undefined && handler.node !== node) {
      handler = this.#handlers.pop();
    }
    if (handler !== undefined && handler.around !== handler.pending) {
      this.#context.enterWith(handler.around);
    }
  }
}
