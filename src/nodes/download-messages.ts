/**
 * A download node from its start to its end, over any number of web nodes: takes messages, has fetched what they ask
 * for, and sends on what came of each. Enters: messages, web nodes that come and go. Leaves: messages on three
 * outputs, or errors. A message it had in hand when it is closed is not completed: its event comes again, and finds
 * on the disk what was done.
 */
import { setMaxListeners } from "node:events";
import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow } from "node-red";
import { leadsTo } from "../completion/destinations";
import { leave } from "../completion/leaving";
import { restartsOf } from "../completion/restarts";
import type { FlowNode } from "../completion/runtime";
import type { Fetching, Outcome } from "../web/fetching";
import { downloadOrder } from "../web/order-download";
import type { OrdersUnderWay } from "../web/orders-under-way";
import { PATIENCE, type Patience } from "../web/patience";
import { downloadProduct } from "../web/product-download";
import { Slots } from "../web/slots";
import type { Web } from "../web/web";
import type { ConfigUse } from "./config-use";
import { type DownloadAsked, downloadAskedBy, nameOf } from "./download-asked";
import { failureIn, failureOf } from "./download-failure";
import type { DownloadSettings } from "./download-settings";
import { DownloadProgress } from "./download-status";
import { measured } from "./measured";
import { StatusDisplay } from "./status-display";
import type { Told } from "./telling";
import { downloadTranslator, logOf, translator } from "./words";

type Send = (messages: (NodeMessage | null)[]) => void;
type Done = (error?: Error) => void;

/** A message this node has not finished with. */
interface Open {
  readonly message: NodeMessageInFlow;
  readonly send: Send;
  readonly done: Done;
}

/** Status, once a second at most. */
const STATUS_EVERY_MS = 1_000;
const NOTHING = 1;
const FAILED = 2;

export class DownloadMessages {
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #settings: DownloadSettings;
  readonly #orders: OrdersUnderWay;
  readonly #patience: Patience;
  readonly #slots: Slots;
  readonly #open = new Set<Open>();
  readonly #attended = new Set<Promise<void>>();
  readonly #progress: DownloadProgress;
  readonly #stopListening: () => void;
  #web: Web | undefined;
  #end = new AbortController();
  #display: StatusDisplay | undefined;
  #isClosed = false;

  constructor(
    RED: NodeAPI,
    node: Node,
    settings: DownloadSettings,
    orders: OrdersUnderWay,
    patience: Patience = PATIENCE,
  ) {
    this.#RED = RED;
    this.#node = node;
    this.#settings = settings;
    this.#orders = orders;
    this.#patience = patience;
    this.#slots = new Slots(settings.parallel);
    this.#progress = new DownloadProgress(
      () => performance.now(),
      () => this.#display?.touch(),
    );
    this.#stopListening = restartsOf(RED.events).onChange((isGoingOn) => {
      if (!isGoingOn && this.#web === undefined && !this.#isClosed) {
        this.#giveUp();
      }
    });
  }

  /** A message that asks for something. */
  input(message: NodeMessageInFlow, send: Send, done: Done): void {
    const open: Open = { message, send, done };
    this.#open.add(open);
    if (this.#web !== undefined) {
      this.#begin(open, this.#web);
    } else if (!restartsOf(this.#RED.events).isGoingOn) {
      this.#giveUp();
    }
  }

  /** For health and metrics. */
  told(webId: string): Told {
    if (this.#web === undefined) {
      return { state: "not-running", isHealthy: false, uses: webId, counters: {} };
    }
    const asKey = (key: string): string => key;
    const { code, counters } = this.#progress.status(this.#open.size, asKey, asKey);
    const { bytes = 0, files = 0, inProgress = 0 } = counters ?? {};
    return {
      state: code,
      isHealthy: code !== "again",
      uses: webId,
      counters: { fetchedBytes: bytes, fetchedFiles: files, inFlight: inProgress },
    };
  }

  /** There is a web node. */
  start(web: Web): ConfigUse {
    this.#web = web;
    this.#end = new AbortController();
    // Every transfer and every wait listens for the end.
    setMaxListeners(0, this.#end.signal);
    const words = downloadTranslator(this.#RED, "progress");
    const again = downloadTranslator(this.#RED, "again");
    this.#display = new StatusDisplay(
      () => this.#progress.status(this.#open.size, words, again),
      (status) => this.#node.status(status),
      STATUS_EVERY_MS,
    );
    this.#display.touch();
    for (const open of this.#open) {
      this.#begin(open, web);
    }
    return {
      close: async () => {
        this.#web = undefined;
        this.#display?.stop();
        this.#display = undefined;
        this.#end.abort(new Error("closed"));
        // No transfer goes on, and no file is open, when the node has gone.
        await Promise.all(this.#attended);
      },
    };
  }

  /** The node goes: what it had in hand comes again. */
  close(): void {
    this.#isClosed = true;
    leave(this.#node, "drops");
    this.#stopListening();
    this.#open.clear();
    this.#end.abort(new Error("closed"));
  }

  /** Nobody comes to fetch anything with. */
  #giveUp(): void {
    const words = translator(this.#RED, "runtime");
    for (const open of this.#open) {
      this.#open.delete(open);
      open.done(new Error(words("no-web")));
    }
  }

  #begin(open: Open, web: Web): void {
    const attended = this.#attend(open, web).finally(() => this.#attended.delete(attended));
    this.#attended.add(attended);
  }

  async #attend(open: Open, web: Web): Promise<void> {
    const { signal } = this.#end;
    try {
      const asked = await downloadAskedBy(this.#RED, this.#node, this.#settings, open.message);
      const outcome =
        asked.wanted.kind === "nothing" ? undefined : await this.#fetch(asked, open.message, web, signal);
      if (this.#open.delete(open)) {
        this.#tell(open, outcome);
      }
    } catch (error) {
      // Closed: the message stays open, for the next web node or, with the event, for the next node.
      if (!signal.aborted && this.#open.delete(open)) {
        this.#fail(open, error, undefined);
      }
    }
  }

  #fetch(asked: DownloadAsked, message: NodeMessage, web: Web, signal: AbortSignal): Promise<Outcome> {
    const { folder } = asked;
    const key = JSON.stringify([web.origin, web.tenant, nameOf(asked.wanted)]);
    return this.#orders.inTurn(key, folder, signal, (before) =>
      this.#fetchNow(asked, before, message._msgid, web, signal),
    );
  }

  /** @param before the folder in which it was begun and not brought to its end */
  async #fetchNow(
    { wanted, folder, event }: DownloadAsked,
    before: string | undefined,
    messageId: string | undefined,
    web: Web,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const name = nameOf(wanted);
    const say = downloadTranslator(this.#RED, "progress");
    const shown = wanted.kind === "order" ? say("order", { name }) : say("product", { name: short(name) });
    const progress = this.#progress.begin(shown, (reason) => {
      logOf(this.#RED, this.#node).warn(`zip-instead-${reason}`, { order: name });
    });
    const slots = [this.#slots, web.slots];
    const fetching: Fetching = { client: web.client, slots, patience: this.#patience, signal, progress };
    const { parallel, mode } = this.#settings;
    const job = { folder, event, of: `${web.tenant} at ${web.origin}`, parallel };
    const began = performance.now();
    try {
      return wanted.kind === "product"
        ? await downloadProduct(fetching, { ...job, product: wanted.product })
        : await downloadOrder(fetching, { ...job, orderId: name, mode, before });
    } finally {
      progress.end();
      measured(this.#node, "download.bytes", messageId, progress.fetched);
      measured(this.#node, "download.milliseconds", messageId, Math.round(performance.now() - began));
    }
  }

  #tell(open: Open, outcome: Outcome | undefined): void {
    const { message, send, done } = open;
    const { saved = [], failed = [], notices = [], folder = "" } = outcome ?? {};
    if (notices.length > 0) {
      logOf(this.#RED, this.#node).warn("notice", { count: notices.length, folder });
    }
    if (failed.length > 0 || (saved.length === 0 && notices.length > 0)) {
      this.#fail(open, undefined, outcome);
      return;
    }
    if (saved.length === 0) {
      this.#progress.ended("nothing", 0);
      send([null, message]);
      done();
      return;
    }
    const [first] = saved;
    const filename = saved.length === 1 ? first?.path : folder;
    const told = { ...message, payload: saved, filename, ...(notices.length > 0 ? { notices } : {}) };
    this.#progress.ended("saved", saved.length);
    send([told]);
    done();
  }

  #fail(open: Open, error: unknown, outcome: Outcome | undefined): void {
    const { message, send, done } = open;
    const failure = outcome === undefined ? failureOf(this.#RED, error) : failureIn(this.#RED, outcome);
    this.#progress.ended("failed", 0);
    // Asked anew for every message: a *Modified Nodes* deploy rewires a node without restarting it.
    if (leadsTo(this.#node as unknown as FlowNode, FAILED) === "running") {
      const told: (NodeMessage | null)[] = Array<null>(NOTHING + 1).fill(null);
      const saved = outcome === undefined ? {} : { payload: outcome.saved };
      send([...told, Object.assign({ ...message, ...saved }, { error: failure })]);
      done();
      return;
    }
    const { message: words, ...details } = failure;
    done(Object.assign(new Error(words), details));
  }
}

/** The end of a URN is what tells it from others. */
function short(urn: string): string {
  return urn.length > 20 ? `…${urn.slice(-16)}` : urn;
}
