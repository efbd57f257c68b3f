/**
 * Sees through a core file node that appends: once its stream has failed it goes on writing into it, reports nothing
 * more, and sends every message on as if it were written. Enters: such a node. Leaves: failed runs.
 */
import { isMessage } from "./errors";
import { LookingIn } from "./looking-in";
import type { Origins } from "./origins";
import { Pending } from "./run";
import type { FlowMessage, FlowNode } from "./runtime";

interface FileNode extends FlowNode {
  /** "false" when it appends. */
  readonly overwriteFile?: string;
  /** What it writes to. */
  readonly wstream?: { readonly errored?: Error | null };
  /** Set when the stream could be opened: it is looked up before the stream is used again. */
  readonly wstreamIno?: unknown;
  /** What it writes now, and what waits. */
  readonly msgQueue?: readonly { readonly msg: FlowMessage }[];
}

export class FileNodes {
  readonly #origins: Origins;
  readonly #letGo: (pending: Pending) => void;
  /** Messages that are going to be written to a broken stream, and what broke it. */
  readonly #doomed = new WeakMap<object, Error>();
  /** Messages the node has reported an error for, which a Catch node may have taken. */
  readonly #reported = new WeakSet<object>();
  /** What has gone wrong last. */
  readonly #failed = new WeakMap<FileNode, Error>();
  /** Also where nothing is wired, and Node-RED's hooks see nothing. */
  readonly #sends = new LookingIn("send", (node, [msg], call) => {
    this.#written(node, msg);
    call();
  });

  constructor(origins: Origins, letGo: (pending: Pending) => void) {
    this.#origins = origins;
    this.#letGo = letGo;
  }

  /** Looks at what the node sends from now on, if it is such a node. */
  watch(node: FlowNode): void {
    if (node.type === "file") {
      this.#sends.on(node);
    }
  }

  /** A node reports an error. */
  reports(node: FlowNode, msg: unknown): void {
    if (node.type === "file" && isMessage(msg)) {
      this.#reported.add(msg);
    }
  }

  /**
   * The node has completed a message. Where its stream could not be opened, those that wait are written to the same
   * stream, or to one another's: the node mixes them up.
   */
  completes(node: FileNode): void {
    if (node.type !== "file" || node.wstreamIno !== undefined) {
      return;
    }
    const error = this.#brokenStream(node);
    if (error !== undefined) {
      for (const { msg } of node.msgQueue?.slice(1) ?? []) {
        this.#doomed.set(msg, error);
      }
    }
  }

  /** The node says that it has written a message. After a failure its stream may be gone, with the message. */
  #written(node: FileNode, msg: unknown): void {
    if (!isMessage(msg)) {
      return;
    }
    const isStreamGone = node.overwriteFile === "false" && node.wstream === undefined;
    const gone = isStreamGone ? this.#failed.get(node) : undefined;
    const error = this.#brokenStream(node) ?? this.#doomed.get(msg) ?? gone;
    const run = error === undefined ? undefined : this.#origins.meant(msg, node)?.run;
    if (error === undefined || run === undefined) {
      return;
    }
    // The stream's first message is sent before its error is reported: the run stays open until that is known.
    const pending = new Pending(run, node, msg, true);
    run.add(pending);
    setImmediate(() => {
      if (!this.#reported.has(msg)) {
        run.fail(node, error.message);
      }
      this.#letGo(pending);
    });
  }

  #brokenStream(node: FileNode): Error | undefined {
    const error = node.overwriteFile === "false" ? node.wstream?.errored : undefined;
    if (error) {
      this.#failed.set(node, error);
    }
    return error ?? undefined;
  }
}
