/**
 * One supervised AMQP connection: it walks the host list, comes back for ever with a jittered backoff, and
 * gives out channels on which nothing can throw into Node-RED. Enters: where and as whom to connect. Leaves:
 * states, and channels. It knows neither queues, nor REGARDS, nor Node-RED.
 */
import type { Channel, ChannelModel, ConfirmChannel } from "amqplib";
import { Backoff } from "./backoff";
import { ChannelAside, type OpenChannel } from "./channel-aside";
import { now } from "./clock";
import type { ConnectionOptions, ConnectionTiming, Endpoint } from "./connection-options";
import { withDeadline } from "./deadline";
import { type Fault, faultOf, needsSomebody } from "./fault";
import {
  closeQuietly,
  destroySocket,
  discard,
  guardLink,
  hasEnded,
  listenToEverything,
  openLink,
} from "./link";

export type { OpenChannel } from "./channel-aside";
export type { ConnectionOptions, ConnectionTiming, Endpoint } from "./connection-options";
export { closeQuietly } from "./link";

/** The life of a connection; every state but `connected` says why and what comes next. */
export type ConnectionState =
  | { readonly phase: "idle" }
  | { readonly phase: "connecting" }
  | { readonly phase: "connected" }
  | { readonly phase: "blocked"; readonly reason: string }
  | { readonly phase: "reconnecting"; readonly fault: Fault; readonly retryAt: number }
  | { readonly phase: "closing" };

const TIMING: ConnectionTiming = {
  connect: 10_000,
  close: 2_000,
  stable: 10_000,
  backoff: { first: 500, longest: 5_000 },
  slow: { first: 5_000, longest: 30_000 },
};

/** Between two hosts of the list there is no reason to wait. */
const NEXT_HOST_MS = 100;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #openLink: typeof openLink;
  readonly #timing: ConnectionTiming;
  readonly #backoff: Backoff;
  readonly #slow: Backoff;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  readonly #dead = new WeakSet<ChannelModel>();
  readonly #channelAside: ChannelAside;
  #state: ConnectionState = { phase: "idle" };
  #model: ChannelModel | undefined;
  #generation = 0;
  #host = 0;
  #timer: NodeJS.Timeout | undefined;
  #cause: unknown;

  /** @param open how to reach one host; tests bring their own */
  constructor(options: ConnectionOptions, open: typeof openLink = openLink) {
    this.#options = options;
    this.#openLink = open;
    this.#timing = { ...TIMING, ...options.timing };
    this.#backoff = new Backoff(this.#timing.backoff);
    this.#slow = new Backoff(this.#timing.slow);
    this.#channelAside = new ChannelAside(
      () => this.channel(),
      ({ generation }) => generation === this.#generation && this.isUp,
      this.#timing.close,
    );
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** True while frames flow, blocked or not. */
  get isUp(): boolean {
    return this.#model !== undefined;
  }

  /** The host in use or tried next, `host:port`. */
  get host(): string {
    const { hostname, port } = this.#endpoint();
    return `${hostname}:${port}`;
  }

  /** What the RabbitMQ at the other end calls its cluster, every member the same; undefined while it is not up. */
  get cluster(): string | undefined {
    const name: unknown = this.#model?.connection.serverProperties?.cluster_name;
    return typeof name === "string" ? name : undefined;
  }

  /** Calls back on every change; returns how to stop. */
  onState(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Starts connecting; calling it again changes nothing. */
  open(): void {
    if (this.#state.phase === "idle") {
      this.#attempt();
    }
  }

  /** Closes for good. Settles within the close limit even when the broker is frozen. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const model = this.#model;
    this.#model = undefined;
    this.#change({ phase: "closing" });
    if (model !== undefined) {
      await discard(model, this.#timing.close);
    }
  }

  /**
   * Opens a channel with every event listened to: an `error` without a listener would end Node-RED.
   * @throws when the connection is not up, or the broker does not answer in time
   */
  async channel(): Promise<OpenChannel> {
    return this.#openChannel((model) => model.createChannel());
  }

  /** As `channel()`, with publisher confirms on. */
  async confirmChannel(): Promise<OpenChannel<ConfirmChannel>> {
    return this.#openChannel((model) => model.createConfirmChannel());
  }

  /** Runs something on a channel of its own, which a refusal (404, 406, 403) may close without harm. */
  aside<T>(work: (channel: Channel) => Promise<T>, what = "the broker's answer"): Promise<T> {
    return this.#channelAside.run(work, this.#timing.connect, what);
  }

  async #openChannel<C extends Channel>(
    create: (model: ChannelModel) => Promise<C>,
  ): Promise<OpenChannel<C>> {
    const model = this.#model;
    const generation = this.#generation;
    if (model === undefined) {
      throw new Error("Connection closed");
    }
    const creating = create(model).then((channel) => listenToEverything(channel));
    let channel: C;
    try {
      channel = await withDeadline(creating, this.#timing.connect, "opening a channel");
    } catch (error) {
      // A channel that opens after its deadline belongs to nobody.
      creating.then(
        (late) => closeQuietly(late, this.#timing.close),
        () => undefined,
      );
      throw error;
    }
    if (generation !== this.#generation || this.#model === undefined) {
      closeQuietly(channel, this.#timing.close);
      throw new Error("Connection closed");
    }
    return { channel, generation };
  }

  #endpoint(): Endpoint {
    const { endpoints } = this.#options;
    return endpoints[this.#host % endpoints.length] ?? { hostname: "localhost", port: 5672 };
  }

  #attempt(): void {
    this.#change({ phase: "connecting" });
    const endpoint = this.#endpoint();
    const connecting = this.#connect(endpoint);
    withDeadline(connecting, this.#timing.connect, `connecting to ${endpoint.hostname}`).then(
      (model) => this.#connected(model),
      (error) => {
        // A connection that arrives after its deadline belongs to nobody.
        connecting.then(
          (late) => discard(late, this.#timing.close),
          () => undefined,
        );
        this.#failed(error);
      },
    );
  }

  async #connect(endpoint: Endpoint): Promise<ChannelModel> {
    const model = await this.#openLink(endpoint, this.#options, this.#timing.connect);
    this.#listen(model);
    return model;
  }

  #listen(model: ChannelModel): void {
    model.on("error", (error: unknown) => {
      this.#cause = error;
    });
    model.on("handler-error", (error: unknown) => {
      this.#cause = error;
    });
    model.on("close", (error: unknown) => {
      destroySocket(model);
      this.#dead.add(model);
      if (this.#model === model) {
        this.#model = undefined;
        this.#failed(this.#cause ?? error ?? new Error("Connection closed by the broker"));
      }
    });
    model.on("blocked", (reason: unknown) => {
      if (this.#model === model) {
        this.#change({ phase: "blocked", reason: String(reason) });
      }
    });
    model.on("unblocked", () => {
      if (this.#model === model) {
        this.#change({ phase: "connected" });
      }
    });
  }

  #connected(model: ChannelModel): void {
    if (this.#state.phase !== "connecting") {
      void discard(model, this.#timing.close);
      return;
    }
    if (this.#dead.has(model) || hasEnded(model)) {
      this.#failed(this.#cause ?? new Error("Connection closed by the broker"));
      return;
    }
    this.#cause = undefined;
    const missing = guardLink(model);
    if (missing.length > 0) {
      this.#options.unguarded?.(missing);
    }
    this.#model = model;
    this.#generation += 1;
    this.#timer = setTimeout(() => {
      this.#backoff.reset();
      this.#slow.reset();
    }, this.#timing.stable);
    this.#timer.unref();
    this.#change({ phase: "connected" });
  }

  #failed(error: unknown): void {
    if (this.#state.phase === "closing") {
      return;
    }
    clearTimeout(this.#timer);
    this.#cause = undefined;
    const fault = faultOf(error);
    this.#host += 1;
    const wait = this.#waitAfter(fault);
    this.#change({ phase: "reconnecting", fault, retryAt: now() + wait });
    this.#timer = setTimeout(() => this.#attempt(), wait);
  }

  /** To the end of the list at once: what one member refuses another may allow, a moment after a failure. */
  #waitAfter({ code }: Fault): number {
    if (this.#host % this.#options.endpoints.length !== 0) {
      return NEXT_HOST_MS;
    }
    return needsSomebody(code) ? this.#slow.next() : this.#backoff.next();
  }

  #change(state: ConnectionState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) {
      listener(state);
    }
  }
}
