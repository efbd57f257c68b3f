/**
 * What a `regards-broker` config node is at run time: two shared connections, one to consume and one to
 * publish (a broker that blocks publishers must not stop the consumers), and one log line when the link
 * breaks, one when it is mended.
 */
import { now } from "./clock";
import type { ConnectionOptions, ConnectionState } from "./connection";
import { withDeadline } from "./deadline";
import type { FaultCode } from "./fault";
import { needsSomebody } from "./fault";
import type { NodeLog } from "./log";
import { type Lease, SharedConnection } from "./shared-connection";

type Role = "consume" | "publish";

/** How long the users of a closing broker node may take to drain; Node-RED allows 15 s in all. */
const DRAIN_MS = 10_000;

const SILENT: NodeLog = { info: () => undefined, warn: () => undefined };

export class Broker {
  readonly #options: ConnectionOptions;
  readonly #log: NodeLog;
  readonly #connections: Readonly<Record<Role, SharedConnection>>;
  readonly #broken = new Map<Role, { readonly since: number; readonly code: FaultCode }>();
  readonly #said = new Set<FaultCode>();
  readonly #leaving = new Set<() => Promise<void>>();
  #isUnguarded = false;
  #hasConnected = false;
  #isClosed = false;
  #users = 0;
  #idle: (() => void) | undefined;

  constructor(options: ConnectionOptions, log: NodeLog) {
    this.#options = options;
    this.#log = log;
    const connection = (role: Role): SharedConnection =>
      new SharedConnection(
        {
          ...options,
          name: `${options.name} (${role})`,
          unguarded: (guards) => this.#unguarded(guards),
        },
        (state, host) => this.#report(role, state, host),
      );
    this.#connections = { consume: connection("consume"), publish: connection("publish") };
  }

  /** False once its node was closed: nothing can be done by it any more. */
  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /** How its two connections are. */
  get states(): readonly ConnectionState[] {
    return [this.#connections.consume.state, this.#connections.publish.state];
  }

  /** The same broker once more and without a word in the log, for what is left to do; the caller closes it. */
  again(): Broker {
    return new Broker(this.#options, SILENT);
  }

  /** A share of the connection for this purpose, until released. */
  lease(role: Role): Lease {
    this.#users += 1;
    const lease = this.#connections[role].lease();
    let released = false;
    return {
      connection: lease.connection,
      release: async () => {
        if (!released) {
          released = true;
          await lease.release();
          this.#users -= 1;
          if (this.#users === 0) {
            this.#idle?.();
          }
        }
      },
    };
  }

  /**
   * Whoever uses it leaves when it closes: Node-RED closes a config node together with the users it knows of,
   * and those that name it by a variable are not among them.
   * @returns how to stop being called
   */
  onClosing(leave: () => Promise<void>): () => void {
    this.#leaving.add(leave);
    return () => this.#leaving.delete(leave);
  }

  /** Lets its users leave first, then closes all. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const leave of [...this.#leaving]) {
      leave().catch(() => undefined);
    }
    if (this.#users > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
      await withDeadline(idle, DRAIN_MS, "draining").catch(() => undefined);
    }
    await Promise.all([this.#connections.consume.close(), this.#connections.publish.close()]);
  }

  /** Said once: it stays so until another amqplib is installed. */
  #unguarded(guards: readonly string[]): void {
    if (!this.#isUnguarded) {
      this.#isUnguarded = true;
      this.#log.warn("unguarded", { guards: guards.join(", ") });
    }
  }

  #report(role: Role, state: ConnectionState, host: string): void {
    if (state.phase === "connected" || state.phase === "closing") {
      const isFirst = state.phase === "connected" && !this.#hasConnected && this.#broken.size === 0;
      if (isFirst) {
        this.#log.info("first-connected", { host });
      }
      this.#hasConnected ||= state.phase === "connected";
      const broken = this.#broken.get(role);
      this.#broken.delete(role);
      if (broken !== undefined && this.#broken.size === 0 && state.phase === "connected") {
        const seconds = Math.round((now() - broken.since) / 1_000);
        this.#log.info("mended", { host, seconds });
      }
      return;
    }
    if (state.phase !== "reconnecting") {
      return;
    }
    const { code, detail } = state.fault;
    const isFirst = this.#broken.size === 0;
    const before = this.#broken.get(role);
    this.#broken.set(role, { since: before?.since ?? now(), code });
    if (isFirst) {
      this.#said.clear();
    }
    // A member of a cluster that has just lost another may refuse for a moment: only what stays is news.
    const isNews = isFirst || (needsSomebody(code) && before?.code === code);
    if (isNews && !this.#said.has(code)) {
      this.#said.add(code);
      this.#log.warn("broken", { host, fault: code, detail });
    }
  }
}
