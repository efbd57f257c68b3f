/** Just enough of Node-RED to pass messages from node to node, with its hooks called where it calls them. */
import { EventEmitter } from "node:events";
import { Restarts } from "../../../src/completion/restarts";
import type { FlowMessage, FlowNode, NodeConfig, Runtime } from "../../../src/completion/runtime";

type Done = (error?: unknown) => void;
export type Handler = (msg: FlowMessage, done: Done) => void;

export class FakeNode implements FlowNode {
  wires: string[][] = [];
  _expectedDoneCount = 1;
  _inputCallback: Handler | undefined;
  readonly _flow: { getNode(id: string): unknown };
  readonly id: string;
  readonly type: string;
  readonly #nodeRed: FakeNodeRed;
  readonly #closing: (() => void)[] = [];

  constructor(nodeRed: FakeNodeRed, id: string, type: string) {
    this.#nodeRed = nodeRed;
    this.id = id;
    this.type = type;
    this._flow = { getNode: (each) => nodeRed.nodes.get(each) };
  }

  on(_event: "close", listener: () => void): void {
    this.#closing.push(listener);
  }

  status(_status: unknown): void {}

  /** Node-RED calls Catch nodes directly, and logs what none of them took. */
  error(_reason: unknown, msg?: unknown): void {
    const catcher = this.#nodeRed.nodes.get("catch");
    if (catcher !== undefined && msg !== undefined) catcher.receive({ ...(msg as FlowMessage) });
  }

  /** Sends by the first output. */
  send(msgs: unknown): void {
    const msg = msgs as FlowMessage;
    const message = msg._msgid === undefined ? { ...msg, _msgid: this.#nodeRed.newId() } : msg;
    const events = (this.wires[0] ?? []).map((id) => ({
      msg: message,
      source: { node: this, port: 0 },
      destination: { id },
    }));
    this.#nodeRed.trigger("onSend", events);
    for (const event of events) {
      const node = this.#nodeRed.nodes.get(event.destination.id);
      if (node === undefined) continue;
      this.#nodeRed.trigger("preDeliver", { ...event, destination: { node } });
      setImmediate(() => node.receive(message));
    }
  }

  receive(msg: FlowMessage): void {
    const event = { msg, destination: { node: this } };
    this.#nodeRed.trigger("onReceive", event);
    this._inputCallback?.(msg, (error) => {
      this.#nodeRed.trigger("onComplete", { msg, error, node: { node: this } });
      if (error !== undefined) this.error(error, msg);
    });
    this.#nodeRed.trigger("postReceive", event);
  }

  close(): void {
    this.#nodeRed.nodes.delete(this.id);
    for (const listener of this.#closing) listener();
    this._inputCallback = undefined;
  }
}

export class FakeNodeRed implements Runtime {
  readonly nodes = new Map<string, FakeNode>();
  readonly configs = new Map<string, NodeConfig>();
  readonly warned: string[] = [];
  readonly events = new EventEmitter();
  readonly restarts = new Restarts(this.events);
  readonly #hooks = new Map<string, (event: unknown) => void>();
  #ids = 0;

  readonly hooks = {
    add: <Event>(hook: string, listener: (event: Event) => void): void => {
      this.#hooks.set(hook.split(".")[0] ?? "", listener as (event: unknown) => void);
    },
    remove: (): void => this.#hooks.clear(),
  };

  /** The flows run. */
  constructor() {
    this.events.emit("flows:started");
  }

  get hooked(): string[] {
    return [...this.#hooks.keys()];
  }

  newId(): string {
    return `made-${++this.#ids}`;
  }

  trigger(hook: string, event: unknown): void {
    this.#hooks.get(hook)?.(event);
  }

  /** A node that takes `done`. */
  node(id: string, wires: readonly string[], handler: Handler, type = id): FakeNode {
    const node = new FakeNode(this, id, type);
    node.wires = [[...wires]];
    node._inputCallback = handler;
    this.nodes.set(id, node);
    return node;
  }

  /** A node that takes one argument. */
  silent(id: string, wires: readonly string[], handler: (msg: FlowMessage) => void, type = id): FakeNode {
    const node = this.node(id, wires, handler, type);
    node._expectedDoneCount = 0;
    return node;
  }

  nodeNow(id: string): FakeNode | undefined {
    return this.nodes.get(id);
  }

  configOf(id: string): NodeConfig | undefined {
    return this.configs.get(id);
  }

  propertyOf(msg: FlowMessage, path: string): unknown {
    return Reflect.get(msg, path);
  }

  nameStopped(name: string, isDisabled: boolean): string {
    return `${name} (${isDisabled ? "disabled" : "not running"})`;
  }

  warnLate(node: FlowNode): void {
    this.warned.push(node.id);
  }
}

/** Time that passes when the test says so. */
export class FakeTime {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly work: () => void }>();

  readonly after = (milliseconds: number, work: () => void): (() => void) => {
    const timer = { at: this.#now + milliseconds, work };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  pass(milliseconds: number): void {
    this.#now += milliseconds;
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.#now)) {
      this.#timers.delete(timer);
      timer.work();
    }
  }
}
