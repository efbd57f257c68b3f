/**
 * The tab *Start here* of the demo: buttons that make something happen, and a flow to watch it in. Enters: where to ask
 * for what is done outside Node-RED. Leaves: nodes.
 */
import type { FlowNode } from "../support/test-node-red";

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

const TAB = "start-here";

const INFO = `# Press a button

The buttons of the groups on the left make something happen; the flow at the bottom shows what comes of it, and so do the other tabs. The debug sidebar shows what belongs to the tab you look at.

- An event is accepted when the flow has finished with it. This flow takes its time: the light says how many are in its hands.
- **make this flow fail once**: the event waits in the retry queue, and comes again as attempt 2.
- **make this flow fail for good**: after three attempts the event is given up, and the light is yellow. Open *orders of this page* to see why, or press **mend it, and send back what was given up**.
- **take RabbitMQ away for 10 s**: the flow goes on with what it has in hand, and gets none of it twice.
`;

const random = "$formatBase($floor($random() * 60466176), 36)";

const FAILS = `// What a flow of yours would do. It fails where a button has asked for it.
const { correlationId, status, attempt } = msg.regards;
const once = correlationId.startsWith("${FAILS_ONCE}") && attempt === 1;
const forGood = correlationId.startsWith("${FAILS_FOR_GOOD}") && !flow.get("mended");
if (status === "DONE" && (once || forGood)) throw new Error("this flow was told to fail");
msg.payload = { status, attempt, correlationId, part: msg.payload.subOrderId, at: Date.now() };
return msg;`;

/** The tab and its nodes. */
export function startHere({ broker, control, nodeRed, work, retryDelay }: StartHere): readonly FlowNode[] {
  const groups: Group[] = [];
  const order = {
    type: "regards-order-out",
    broker,
    action: "order",
    ask: "queries",
    ...userOf("env", "REGARDS_WEB_USER"),
  };
  const ordering = { ...order, correlationId: "correlationId", correlationIdType: "msg", outboxLimit: 1000 };
  const orders = new Group("Ask REGARDS for something", "#bfdbef", 60, 100, 620, 222);
  groups.push(orders);
  orders.put(button("place an order", "subOrders:3 AND files:2", PAGE_PREFIX), 190, 140, [["start-order"]]);
  orders.put(
    button("place a large one, and watch the download", `files:3 AND bytes:${LARGE} AND slow:1`, PAGE_PREFIX),
    270,
    180,
    [["start-order"]],
  );
  orders.put({ id: "start-order", name: "order", ...ordering }, 530, 160, [
    ["start-ordered"],
    ["start-not-asked"],
  ]);
  orders.put(button("submit a product", SUBMISSION, "demo-", "json"), 190, 240, [["start-submit"]]);
  orders.put({ ...SUBMIT, id: "start-submit", broker }, 530, 240, [["start-ordered"], ["start-not-asked"]]);
  orders.put(debug("start-ordered", "asked for", "regards"), 560, 280, []);
  orders.put(debug("start-not-asked", "not asked for", "error"), 340, 280, []);

  const outside = new Group("Let REGARDS, the disk or RabbitMQ do something", "#d1ecd1", 720, 100, 660, 222);
  groups.push(outside);
  const deeds = ["disseminate", "broken-event", "full-disk", "no-rabbitmq"] as const;
  for (const [place, deed] of deeds.entries()) {
    outside.put(plain(DEEDS[deed]), 910, 140 + 50 * place, [[`start-${deed}`]]);
    outside.put(request(`start-${deed}`, deed, `${control}/${deed}`, "txt"), 1140, 140 + 50 * place, [
      ["start-done"],
    ]);
  }
  outside.put(debug("start-done", "done", "payload"), 1300, 220, []);

  const failing = new Group("Make the flow below fail", "#f3e6c4", 60, 342, 1320, 142);
  groups.push(failing);
  failing.put(button("make this flow fail once", "files:1", FAILS_ONCE), 210, 382, [["start-order-2"]]);
  failing.put(button("make this flow fail for good", "files:1", FAILS_FOR_GOOD), 220, 442, [["start-break"]]);
  failing.put(change("start-break", "it is broken", false), 460, 442, [["start-order-2"]]);
  failing.put({ id: "start-order-2", name: "order", ...ordering }, 630, 402, [
    ["start-ordered-2"],
    ["start-ordered-2"],
  ]);
  failing.put(debug("start-ordered-2", "ordered", "regards"), 640, 452, []);
  failing.put({ ...plain("mend it, and send back what was given up"), id: START.sendBack }, 920, 402, [
    ["start-mend"],
  ]);
  failing.put(change("start-mend", "it is mended", true), 1180, 402, [["start-back"]]);
  const route = `${nodeRed}/regards/dead-letters/${START.orders}/send-back`;
  failing.put(request("start-back", "send back", route, "obj"), 1090, 452, [[START.sentBack]]);
  failing.put(debug(START.sentBack, "sent back", "payload"), 1270, 452, []);

  const watched = new Group(
    "A flow to watch: REGARDS' events of the orders of this page",
    "#bfdbef",
    60,
    504,
    1320,
    142,
  );
  groups.push(watched);
  const all = Array.from({ length: 5 }, () => ["start-work"]);
  const settings = {
    broker,
    queueMode: "own",
    queue: "",
    queueType: "quorum",
    correlation: PAGE_PREFIX,
    correlationType: "prefix",
  };
  const patience = {
    maxInFlight: 10,
    settle: "finished",
    attempts: 3,
    retryDelay,
    deadline: 25,
    notWaitedFor: "",
    sample: "DONE",
    inputs: 0,
  };
  watched.put(
    { id: START.orders, type: "regards-order-in", name: "orders of this page", ...settings, ...patience },
    180,
    574,
    [...all, []],
  );
  watched.put(takesTime(work), 440, 574, [["start-fails"]]);
  watched.put(
    { id: "start-fails", type: "function", name: "the flow's work", func: FAILS, outputs: 1, libs: [] },
    680,
    574,
    [[START.handled]],
  );
  watched.put(debug(START.handled, "handled", "payload"), 900, 574, []);
  const tab = { id: TAB, type: "tab", label: "Start here", disabled: false, info: INFO, env: [] };
  return [tab, ...groups.flatMap((group) => group.nodes)];
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

interface Bare {
  readonly id: string;
  readonly type: string;
  readonly [property: string]: unknown;
}

/** A group on the tab, and what is in it. */
class Group {
  readonly #group: FlowNode;
  readonly #members: FlowNode[] = [];

  constructor(name: string, fill: string, x: number, y: number, w: number, h: number) {
    const style = { label: true, fill, "fill-opacity": "0.3", stroke: "#8a9aa6", color: "#33414c" };
    this.#group = { id: `start-group-${x}-${y}`, type: "group", z: TAB, name, style, x, y, w, h };
  }

  put(node: Bare, x: number, y: number, wires: readonly (readonly string[])[]): void {
    this.#members.push({ ...node, z: TAB, g: this.#group.id, x, y, wires });
  }

  get nodes(): readonly FlowNode[] {
    return [{ ...this.#group, nodes: this.#members.map(({ id }) => id) }, ...this.#members];
  }
}

function userOf(userType: string, user: string): object {
  const none = { dataTypes: "", dataTypesType: "str", fileNames: "", fileNamesType: "str" };
  return { user, userType, ...none, sizeLimit: "", sizeLimitType: "str" };
}

/** A button that sends a payload under a correlation id that begins as given. */
function button(name: string, payload: string, prefix: string, payloadType = "str"): Bare {
  const correlationId = { p: "correlationId", v: `"${prefix}" & ${random}`, vt: "jsonata" };
  return { ...plain(name), props: [{ p: "payload" }, correlationId], payload, payloadType };
}

function plain(name: string): Bare {
  const id = `start-button-${name.replaceAll(/\W+/g, "-")}`;
  return {
    id,
    type: "inject",
    name,
    props: [],
    repeat: "",
    crontab: "",
    once: false,
    onceDelay: 0.1,
    topic: "",
  };
}

function request(id: string, name: string, url: string, ret: "txt" | "obj"): Bare {
  const usual = {
    paytoqs: "ignore",
    tls: "",
    persist: false,
    proxy: "",
    authType: "",
    senderr: false,
    headers: [],
  };
  return { id, type: "http request", name, method: "POST", ret, url, ...usual };
}

function change(id: string, name: string, isMended: boolean): Bare {
  const rule = { t: "set", p: "mended", pt: "flow", to: String(isMended), tot: "bool" };
  return { id, type: "change", name, rules: [rule], action: "", property: "", from: "", to: "", reg: false };
}

function takesTime(seconds: number): Bare {
  const rate = { rate: "1", nbRateUnits: "1", rateUnits: "second", randomFirst: "1", randomLast: "5" };
  const rest = { ...rate, randomUnits: "seconds", drop: false, allowrate: false, outputs: 1 };
  const time = { pauseType: "delay", timeout: String(seconds), timeoutUnits: "seconds" };
  return { id: "start-work", type: "delay", name: `work for ${seconds} s`, ...time, ...rest };
}

function debug(id: string, name: string, complete: string): Bare {
  const where = { active: true, tosidebar: true, console: false, tostatus: false };
  return {
    id,
    type: "debug",
    name,
    ...where,
    complete,
    targetType: "msg",
    statusVal: "",
    statusType: "auto",
  };
}
