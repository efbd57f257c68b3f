/** Questions to the Node-RED process and their answers, over IPC. */
import type { ChildProcess } from "node:child_process";
import type { FromNodeRed, ToNodeRed } from "./node-red-wire";

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

type Answer = Extract<FromNodeRed, { kind: "answer" }>;

/** The calls one process has not answered yet. */
export class NodeRedCalls {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #last = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Rejects with the reason the process gives, or when it is gone. */
  ask(action: string, ...args: readonly unknown[]): Promise<unknown> {
    const id = ++this.#last;
    const call: ToNodeRed = { kind: "call", id, action, args };
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#child.send(call, (error) => {
        if (error) reject(error);
      });
    });
  }

  onAnswer({ id, result, error }: Answer): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(result);
    else pending?.reject(new Error(error));
  }

  end(reason: string): void {
    for (const { reject } of this.#pending.values()) reject(new Error(reason));
    this.#pending.clear();
  }
}
