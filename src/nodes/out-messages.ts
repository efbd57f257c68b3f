/**
 * An out-node from its start to its end, over any number of broker nodes: takes messages, has published what they
 * ask for, and sends on what became of each. Enters: messages, brokers that come and go. Leaves: messages on two
 * outputs, or errors; what it could not finish goes to the node that starts next in its place.
 */
import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow } from "node-red";
import { type Clock, now, clock as realClock } from "../amqp/clock";
import { leadsTo } from "../completion/destinations";
import { leave, leavingOf } from "../completion/leaving";
import { restartsOf } from "../completion/restarts";
import type { FlowNode } from "../completion/runtime";
import { EarlierTries } from "../publish/earlier-tries";
import type { Handover } from "../publish/handover";
import { RefusedError } from "../publish/refusal";
import { Request } from "../publish/request";
import { RequestMemory } from "../publish/request-memory";
import { Requester, type Sent } from "../publish/requester";
import type { OutSettings } from "../publish/settings";
import type { PublisherView } from "../publish/view";
import { newCorrelationId } from "../regards/correlation";
import type { RequestKind } from "../regards/requests";
import { askedBy } from "./asked";
import { askedRequestsOf } from "./asked-requests-of";
import type { RegardsLink } from "./broker-node";
import type { BrokerUse } from "./broker-use";
import { ExchangeOfNodes } from "./exchange-of-nodes";
import { handoverOf } from "./handovers";
import { noAnswer, outcomeOf } from "./out-outcome";
import { publisherNodeStatus } from "./status";
import { StatusDisplay } from "./status-display";
import { logOf, translator } from "./words";

type Send = (messages: (NodeMessage | null)[]) => void;
type Done = (error?: Error) => void;

/** A message this node has not finished with. */
interface Open {
  readonly message: NodeMessageInFlow;
  readonly send: Send;
  readonly done: Done;
  /** Being found in the message, and found. */
  asking: Promise<Request> | undefined;
  request: Request | undefined;
  /** Its verdict, while it cannot be sent on. */
  sent: Sent | undefined;
}

/** So many are named when they have to be reported. */
const NAMED = 10;

export class OutMessages {
  readonly brokerId: string;
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #kind: RequestKind;
  readonly #settings: OutSettings;
  readonly #exchange: ExchangeOfNodes;
  readonly #handover: Handover<Open>;
  readonly #open = new Set<Open>();
  /** What was left by the node before this one, on its way in. */
  readonly #resumed = new Map<object, Open>();
  readonly #earlier = new EarlierTries();
  /** Only for what is answered: an acknowledgement is not. */
  readonly #memory: RequestMemory | undefined;
  readonly #stopListening: (() => void) | undefined;
  #requester: Requester | undefined;
  #isClosed = false;

  constructor(
    RED: NodeAPI,
    node: Node,
    kind: RequestKind,
    settings: OutSettings,
    brokerId: string,
    clock: Clock = realClock,
  ) {
    this.brokerId = brokerId;
    this.#RED = RED;
    this.#node = node;
    this.#kind = kind;
    this.#settings = settings;
    if (kind.answeredAs !== undefined) {
      const asked = askedRequestsOf(RED, brokerId);
      this.#memory = new RequestMemory(kind, asked, settings, node.id);
      this.#stopListening = asked.onNoAnswer(
        node.id,
        (each) => node.send([null, null, noAnswer(each)]),
        () => this.#canHear,
      );
    }
    this.#handover = handoverOf(RED.events);
    // A node and its successor have the same id, inside a subflow and on another tab too.
    this.#handover.arrive(node.id);
    this.#exchange = new ExchangeOfNodes(
      restartsOf(RED.events),
      clock,
      () => this.#tellAll(),
      () => this.#flowsStarted(),
    );
  }

  /** What can be seen of it; undefined while it has no broker. */
  get view(): PublisherView | undefined {
    return this.#requester?.view;
  }

  /** Answers can come, and what is sent on now arrives. */
  get #canHear(): boolean {
    const phase = this.#requester?.view.connection.phase;
    const isUp = phase === "connected" || phase === "blocked";
    return isUp && (this.#exchange.isOverdue || !this.#exchange.isGoingOn);
  }

  /** A message that asks for something. */
  input(message: NodeMessageInFlow, send: Send, done: Done): void {
    const before = this.#resumed.get(message);
    this.#resumed.delete(message);
    const { asking, request, sent } = before ?? {};
    const open: Open = { message, send, done, asking, request, sent };
    if (this.#requester === undefined) {
      if (!this.#exchange.isGoingOn) {
        done(this.#noBroker());
        return;
      }
      if (this.#open.size >= this.#settings.outboxLimit) {
        const cause = `${this.#open.size} messages wait for the broker already; nothing was published.`;
        done(new RefusedError("REGARDS_OUTBOX_FULL", cause, this.#kind.unpublished([])));
        return;
      }
    }
    this.#open.add(open);
    void this.#attend(open);
  }

  /** There is a broker. */
  start({ system, broker }: RegardsLink): BrokerUse {
    let display: StatusDisplay | undefined;
    const requester = new Requester(this.#kind, this.#settings.outboxLimit, system, broker, {
      log: logOf(this.#RED, this.#node),
      changed: () => display?.touch(),
    });
    const status = translator(this.#RED, "status");
    display = new StatusDisplay(
      () => publisherNodeStatus(requester.view, now(), status),
      (shown) => this.#node.status(shown),
    );
    display.touch();
    this.#requester = requester;
    for (const open of this.#open) {
      void this.#attend(open);
    }
    if (!this.#exchange.isGoingOn) {
      this.#resume();
    }
    return {
      close: async () => {
        this.#requester = undefined;
        display?.stop();
        await requester.close();
        if (leavingOf(this.#node) === "ends-some") {
          // What has no verdict by now gets it from the successor.
          leave(this.#node, "passes-on");
        }
      },
    };
  }

  /** The node goes; to be called before its use of the broker is closed. */
  close(): void {
    this.#isClosed = true;
    this.#stopListening?.();
    const canEnd = !this.#exchange.isGoingOn || !this.#mustWait({ published: true });
    leave(this.#node, canEnd ? "ends-some" : "passes-on");
    this.#exchange.stop();
    this.#handover.leave(this.#node.id, this.#open, (left) => this.#report(left));
  }

  /** The messages come in again, here, as if they had just been sent. */
  #resume(): void {
    for (const open of this.#handover.take(this.#node.id)) {
      this.#resumed.set(open.message, open);
      this.#node.receive(open.message);
    }
  }

  /** Sends on every verdict that can be sent now. */
  #tellAll(): void {
    for (const open of this.#open) {
      if (open.sent !== undefined) {
        this.#tell(open, open.sent);
      }
    }
  }

  #flowsStarted(): void {
    if (this.#isClosed) {
      return;
    }
    this.#tellAll();
    if (this.#requester !== undefined) {
      this.#resume();
      return;
    }
    for (const open of this.#open) {
      if (open.sent === undefined) {
        this.#open.delete(open);
        open.done(this.#noBroker());
      }
    }
  }

  /** Has it published by the broker of now; the next one goes on where this one is stopped. */
  async #attend(open: Open): Promise<void> {
    const requester = this.#requester;
    try {
      open.asking ??= this.#requestOf(open.message);
      open.request = await open.asking;
      if (requester !== undefined) {
        await this.#memory?.remember(open.request);
      }
      const sent = open.sent ?? (await requester?.send(open.request));
      if (sent !== undefined && this.#open.has(open)) {
        open.sent = sent;
        this.#memory?.ended(open.request, sent);
        this.#earlier.ended(open.message._msgid, open.request, sent.published);
        this.#tell(open, sent);
      }
    } catch (error) {
      if (this.#open.delete(open)) {
        open.done(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  async #requestOf(message: NodeMessageInFlow): Promise<Request> {
    const correlationId = newCorrelationId(this.brokerId);
    const asked = await askedBy(this.#RED, this.#node, this.#settings, message, correlationId);
    const request = new Request(this.#kind, asked);
    this.#earlier.resume(message._msgid, request);
    return request;
  }

  #tell(open: Open, sent: Sent): void {
    const { message, send, done } = open;
    if (this.#exchange.isGoingOn && this.#mustWait(sent)) {
      return;
    }
    this.#open.delete(open);
    if (sent.published) {
      send([outcomeOf(message, sent), null]);
      done();
    } else if (this.#leadsTo(1) === "running") {
      send([null, outcomeOf(message, sent)]);
      done();
    } else {
      done(sent.error);
    }
  }

  /** While nodes are exchanged, what is sent to one that is not there is gone without a word. */
  #mustWait({ published }: Pick<Sent, "published">): boolean {
    const lead = this.#leadsTo(published ? 0 : 1);
    return this.#exchange.isOverdue ? lead === "stopped" : !published || lead !== "nowhere";
  }

  /** Asked anew for every message: a *Modified Nodes* deploy rewires a node without restarting it. */
  #leadsTo(output: number): ReturnType<typeof leadsTo> {
    return leadsTo(this.#node as unknown as FlowNode, output);
  }

  /** Nobody comes after this node: says what was never confirmed. */
  #report(left: readonly Open[]): void {
    leave(this.#node, "drops");
    const unpublished = left.filter(({ sent }) => sent?.published !== true);
    const keys = unpublished.flatMap(({ request }) => request?.unconfirmed ?? []);
    const count = Math.max(keys.length, unpublished.length);
    if (count > 0) {
      const named = keys.slice(0, NAMED).join(", ");
      const more = keys.length > NAMED || keys.length < count ? ", …" : "";
      logOf(this.#RED, this.#node).warn(this.#kind.log.unpublished, { count, names: `${named}${more}` });
    }
  }

  #noBroker(): Error {
    return new Error(translator(this.#RED, "runtime")("no-broker"));
  }
}
