/**
 * The tab *Start here* of the demo: buttons that make something happen, and a flow to watch it in. Enters: where to ask
 * for what is done outside Node-RED. Leaves: nodes.
 */
import type { FlowNode } from "../support/test-node-red";
import { type Bare, button, change, debug, Group, plain, request, TAB, takesTime, userOf } from "./nodes";

/** What the flow needs to know of the world. */
export interface StartHere {
  /** Id of the broker node. */
  readonly broker: string;
  /** The control address. */
  readonly control: string;
  /** Node-RED's own address. */
  readonly nodeRed: string;
  /** Seconds the flow works on an event, and seconds until a failed one comes again. */
  readonly work: number;
  readonly retryDelay: number;
}

/** Its orders: those of every button begin alike, and say how the flow is to fail. */
export const PAGE_PREFIX = "demo-page-";
export const FAILS_ONCE = `${PAGE_PREFIX}once-`;
export const FAILS_FOR_GOOD = `${PAGE_PREFIX}never-`;

/** Nodes that others look at or press. */
export const START = {
  orders: "start-orders",
  handled: "start-handled",
  sentBack: "start-sent-back",
  sendBack: "start-send-back",
} as const;

const INFO = `# Press a button

The buttons make something happen; the flow at the bottom shows what comes of it, and so do the other tabs. The debug sidebar shows what belongs to the tab you look at.

- An event is accepted when the flow has finished with it. This flow takes its time: the light says how many are in its hands.
- **make the flow fail once**: the event waits in the retry queue, and comes again as attempt 2.
- **make the flow fail for good**: after three attempts the event is given up, and the light is yellow. Open *orders of this page* to see why, or press **mend it, and send back**.
- **take RabbitMQ away for 10 s**: the flow goes on with what it has in hand, and gets none of it twice.
`;

const FAILS = `// What a flow of yours would do. It fails where a button has asked for it.
const { correlationId, status, attempt } = msg.regards;
const once = correlationId.startsWith("${FAILS_ONCE}") && attempt === 1;
const forGood = correlationId.startsWith("${FAILS_FOR_GOOD}") && !flow.get("mended");
if (status === "DONE" && (once || forGood)) throw new Error("this flow was told to fail");
msg.payload = { status, attempt, correlationId, part: msg.payload.subOrderId, at: Date.now() };
return msg;`;

/** The tab and its nodes. */
export function startHere(start: StartHere): readonly FlowNode[] {
  const tab = { id: TAB, type: "tab", label: "Start here", disabled: false, info: INFO, env: [] };
  const groups = [asking(start), outside(start), failing(start), watched(start)];
  return [tab, ...groups.flatMap((group) => group.nodes)];
}

function asking({ broker }: StartHere): Group {
  const large = `files:3 AND bytes:${LARGE} AND slow:1`;
  return new Group("Ask REGARDS for something", "#bfdbef", [60, 100, 820, 202])
    .putButton(button("place an order", "subOrders:3 AND files:2", PAGE_PREFIX), 100, 140, "start-order")
    .putButton(button("place a large one, to watch a download", large, PAGE_PREFIX), 100, 180, "start-order")
    .put(orderNode("start-order", broker), 560, 160, ["start-asked"], ["start-not-asked"])
    .putButton(button("submit a product", SUBMISSION, "demo-", "json"), 100, 240, "start-submit")
    .put({ ...SUBMIT, id: "start-submit", broker }, 560, 240, ["start-asked"], ["start-not-asked"])
    .put(debug("start-asked", "asked for", "regards"), 760, 160)
    .put(debug("start-not-asked", "not asked for", "error"), 770, 240);
}

function outside({ control }: StartHere): Group {
  const group = new Group("Let REGARDS, the disk or RabbitMQ do something", "#d1ecd1", [920, 100, 700, 202]);
  for (const [place, [deed, name]] of Object.entries(DEEDS).entries()) {
    const y = 130 + 45 * place;
    group.putButton(plain(name), 960, y, `start-${deed}`);
    group.put(request(`start-${deed}`, deed, `${control}/${deed}`, "txt"), 1340, y, ["start-done"]);
  }
  return group.put(debug("start-done", "done", "payload"), 1530, 198);
}

function failing({ broker, nodeRed }: StartHere): Group {
  const route = `${nodeRed}/regards/dead-letters/${START.orders}/send-back`;
  return new Group("Make the flow below fail, and mend it", "#f3e6c4", [60, 322, 1560, 142])
    .putButton(button("make the flow fail once", "files:1", FAILS_ONCE), 100, 362, "start-order-2")
    .putButton(button("make the flow fail for good", "files:1", FAILS_FOR_GOOD), 100, 422, "start-break")
    .put(change("start-break", "it is broken", false), 450, 422, ["start-order-2"])
    .put(orderNode("start-order-2", broker), 600, 392, ["start-ordered"], ["start-ordered"])
    .put(debug("start-ordered", "ordered", "regards"), 750, 392)
    .putButton({ ...plain("mend it, and send back"), id: START.sendBack }, 900, 392, "start-mend")
    .put(change("start-mend", "it is mended", true), 1220, 392, ["start-back"])
    .put(request("start-back", "send back", route, "obj"), 1380, 392, [START.sentBack])
    .put(debug(START.sentBack, "sent back", "payload"), 1530, 392);
}

function watched({ broker, work, retryDelay }: StartHere): Group {
  const toWork = ["start-work"];
  const settings = {
    ...{ broker, queueMode: "own", queue: "", queueType: "quorum" },
    ...{ correlation: PAGE_PREFIX, correlationType: "prefix", maxInFlight: 10, settle: "finished" },
    ...{ attempts: 3, retryDelay, deadline: 25, notWaitedFor: "", sample: "DONE", inputs: 0 },
  };
  const orders = { id: START.orders, type: "regards-order-in", name: "orders of this page", ...settings };
  const fails = {
    id: "start-fails",
    type: "function",
    name: "the flow's work",
    func: FAILS,
    outputs: 1,
    libs: [],
  };
  return new Group(
    "The flow to watch: it gets the events of this page's orders",
    "#bfdbef",
    [60, 484, 1560, 172],
  )
    .put(orders, 200, 554, toWork, toWork, toWork, toWork, toWork, ["start-unreadable"])
    .put(debug("start-unreadable", "unreadable", "error"), 430, 614)
    .put(takesTime(work), 560, 554, [fails.id])
    .put(fails, 860, 554, [START.handled])
    .put(debug(START.handled, "handled", "payload"), 1120, 554);
}

/** Orders what a query finds, for the user of the environment, under the correlation id of the message. */
function orderNode(id: string, broker: string): Bare {
  const named = { id, type: "regards-order-out", name: "order", broker, action: "order", ask: "queries" };
  const correlation = { correlationId: "correlationId", correlationIdType: "msg", outboxLimit: 1000 };
  return { ...named, ...userOf("env", "REGARDS_WEB_USER"), ...correlation };
}

const LARGE = 3_000_000;

const DEEDS = {
  disseminate: "disseminate two products",
  "broken-event": "send a broken event",
  "full-disk": "fill the disk for 15 s",
  "no-rabbitmq": "take RabbitMQ away for 10 s",
} as const;

const SUBMISSION = JSON.stringify({
  ...{ productId: "my-product", datatype: "LANDSAT" },
  files: [
    {
      ...{ type: "RAWDATA", url: "file:///data/my-product.tif", filename: "my-product.tif" },
      ...{ checksumMd5: "098f6bcd4621d373cade4e832627b4f6", mimeType: "image/tiff" },
    },
  ],
});

const SUBMIT = {
  ...{ type: "regards-submission-out", name: "submit", owner: "node-red", ownerType: "str" },
  ...{ session: "", sessionType: "str", outboxLimit: 1000 },
  ...{ correlationId: "correlationId", correlationIdType: "msg" },
};
