/** The kinds of nodes the tab *Start here* is made of, and where they stand. */
import type { FlowNode } from "../support/test-node-red";

/** Id of the tab. */
export const TAB = "start-here";

/** A node without a place. */
export interface Bare {
  readonly id: string;
  readonly type: string;
  readonly [property: string]: unknown;
}

/** Outputs, and the nodes they are wired to. */
export type Wires = readonly (readonly string[])[];

/** A group on the tab, and what is in it. */
export class Group {
  readonly #group: FlowNode;
  readonly #members: FlowNode[] = [];

  constructor(name: string, fill: string, [x, y, w, h]: readonly [number, number, number, number]) {
    const style = { label: true, fill, "fill-opacity": "0.3", stroke: "#8a9aa6", color: "#33414c" };
    this.#group = { id: `start-group-${x}-${y}`, type: "group", z: TAB, name, style, x, y, w, h };
  }

  /** Puts a node with its centre there. */
  put(node: Bare, x: number, y: number, ...wires: Wires): this {
    this.#members.push({ ...node, z: TAB, g: this.#group.id, x, y, wires });
    return this;
  }

  /** Puts a button with its left end there: the editor draws it as wide as its name. */
  putButton(node: Bare, left: number, y: number, wire: string): this {
    const width = 20 * Math.ceil((52 + 7.4 * String(node.name).length) / 20);
    return this.put(node, left + width / 2, y, [wire]);
  }

  get nodes(): readonly FlowNode[] {
    return [{ ...this.#group, nodes: this.#members.map(({ id }) => id) }, ...this.#members];
  }
}

/** The typed inputs of an order node, but for its user as asked. */
export function userOf(userType: string, user: string): object {
  const none = { dataTypes: "", dataTypesType: "str", fileNames: "", fileNamesType: "str" };
  return { user, userType, ...none, sizeLimit: "", sizeLimitType: "str" };
}

/** Letters and digits that no other request has. */
const RANDOM = "$formatBase($floor($random() * 60466176), 36)";

/** A button that sends a payload under a correlation id that begins as given. */
export function button(name: string, payload: string, prefix: string, payloadType = "str"): Bare {
  const correlationId = { p: "correlationId", v: `"${prefix}" & ${RANDOM}`, vt: "jsonata" };
  return { ...plain(name), props: [{ p: "payload" }, correlationId], payload, payloadType };
}

/** A button. */
export function plain(name: string): Bare {
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

/** A POST. */
export function request(id: string, name: string, url: string, ret: "txt" | "obj"): Bare {
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

/** Says whether the flow is mended. */
export function change(id: string, name: string, isMended: boolean): Bare {
  const rule = { t: "set", p: "mended", pt: "flow", to: String(isMended), tot: "bool" };
  return { id, type: "change", name, rules: [rule], action: "", property: "", from: "", to: "", reg: false };
}

/** Work of so many seconds. */
export function takesTime(seconds: number): Bare {
  const rate = { rate: "1", nbRateUnits: "1", rateUnits: "second", randomFirst: "1", randomLast: "5" };
  const rest = { ...rate, randomUnits: "seconds", drop: false, allowrate: false, outputs: 1 };
  const time = { pauseType: "delay", timeout: String(seconds), timeoutUnits: "seconds" };
  return { id: "start-work", type: "delay", name: `work for ${seconds} s`, ...time, ...rest };
}

/** Shows a property, or the whole of it. */
export function debug(id: string, name: string, complete: string): Bare {
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
