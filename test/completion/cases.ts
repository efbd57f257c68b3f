/**
 * Flows between an in-node and a gate that holds what it gets: while the gate holds, the event must be
 * unacknowledged; when the gate lets go, it must be accepted. Every core node people put between is here.
 */
import type { FlowNode } from "../support/test-node-red";

/** One flow; it starts at the node `first`, and its messages end at the probe `gate`. */
export interface CompletionCase {
  readonly title: string;
  readonly nodes: readonly FlowNode[];
  /** How many messages reach the gate; with 0 the flow must finish by itself. */
  readonly arrive: number;
}

const GATE = [["gate"]];

/** A node on the test's tab. */
function node(id: string, type: string, properties: Readonly<Record<string, unknown>> = {}): FlowNode {
  return { id, type, z: "tab", x: 100, y: 100, wires: GATE, ...properties };
}

/** Takes every error and does nothing with it: an error nobody catches is a failed attempt. */
const CATCH = node("catch", "catch", { scope: null, uncaught: false, wires: [[]] });

function code(id: string, func: string, properties: Readonly<Record<string, unknown>> = {}): FlowNode {
  return node(id, "function", { func, outputs: 1, libs: [], initialize: "", finalize: "", ...properties });
}

const setPayload = (to: string, tot: string) => [{ t: "set", p: "payload", pt: "msg", to, tot }];

const split = (id: string, wires: string[][]) =>
  node(id, "split", {
    splt: "\\n",
    spltType: "str",
    arraySplt: 1,
    arraySpltType: "len",
    stream: false,
    addname: "",
    wires,
  });

const join = (id: string, properties: Readonly<Record<string, unknown>> = {}) =>
  node(id, "join", {
    mode: "auto",
    build: "array",
    property: "payload",
    propertyType: "msg",
    key: "topic",
    joiner: "\\n",
    joinerType: "str",
    accumulate: false,
    timeout: "",
    count: "",
    reduceRight: false,
    ...properties,
  });

const delay = (id: string, properties: Readonly<Record<string, unknown>> = {}) =>
  node(id, "delay", {
    pauseType: "delay",
    timeout: "100",
    timeoutUnits: "milliseconds",
    rate: "20",
    nbRateUnits: "1",
    rateUnits: "second",
    randomFirst: "50",
    randomLast: "100",
    randomUnits: "milliseconds",
    drop: false,
    allowrate: false,
    outputs: 1,
    ...properties,
  });

const trigger = (properties: Readonly<Record<string, unknown>>) =>
  node("first", "trigger", {
    op1: "1",
    op2: "0",
    op1type: "nul",
    op2type: "payl",
    duration: "100",
    extend: false,
    overrideDelay: false,
    units: "ms",
    reset: "",
    bytopic: "all",
    topic: "topic",
    outputs: 1,
    ...properties,
  });

const http = (id: string, url: string, properties: Readonly<Record<string, unknown>> = {}) =>
  node(id, "http request", {
    method: "GET",
    ret: "txt",
    paytoqs: "ignore",
    url,
    tls: "",
    persist: false,
    proxy: "",
    insecureHTTPParser: false,
    authType: "",
    senderr: false,
    headers: [],
    ...properties,
  });

/** `at` is an HTTP server that answers on `/`, and never on `/silent`; `closed` is a port nobody listens on. */
export function completionCases(at: string, closed: string): readonly CompletionCase[] {
  return [
    { title: "a single node", arrive: 1, nodes: [code("first", "return msg;")] },
    {
      title: "a sequence of nodes",
      arrive: 1,
      nodes: [
        code("first", "return msg;", { wires: [["b"]] }),
        node("b", "change", { rules: setPayload("1", "num"), wires: [["c"]] }),
        node("c", "template", {
          field: "payload",
          fieldType: "msg",
          format: "handlebars",
          syntax: "mustache",
          template: "{{topic}}",
          output: "str",
        }),
      ],
    },
    {
      title: "parallel branches",
      arrive: 3,
      nodes: [
        code("first", "return msg;", { wires: [["b", "c", "gate"]] }),
        code("b", "return msg;"),
        delay("c"),
      ],
    },
    {
      title: "a function that sends a new message",
      arrive: 1,
      nodes: [code("first", "return { payload: 1 };")],
    },
    {
      title: "a function that sends many",
      arrive: 4,
      nodes: [code("first", "return [[{ payload: 1 }, { payload: 2 }, msg, { payload: 3 }]];")],
    },
    {
      title: "an asynchronous function that calls node.done()",
      arrive: 1,
      nodes: [code("first", "setTimeout(() => { node.send({ payload: 2 }); node.done(); }, 100);")],
    },
    {
      title: "an asynchronous function that keeps the message",
      arrive: 1,
      nodes: [
        code(
          "first",
          "(async () => { await new Promise((r) => setTimeout(r, 50)); node.send(msg); node.done(); })();",
        ),
      ],
    },
    { title: "a function that sends nothing", arrive: 0, nodes: [code("first", "return null;")] },
    {
      title: "change with JSONata",
      arrive: 1,
      nodes: [node("first", "change", { rules: setPayload("$uppercase(topic)", "jsonata") })],
    },
    {
      title: "template",
      arrive: 1,
      nodes: [
        node("first", "template", {
          field: "payload",
          fieldType: "msg",
          format: "handlebars",
          syntax: "mustache",
          template: "{{topic}}",
          output: "str",
        }),
      ],
    },
    {
      title: "switch",
      arrive: 1,
      nodes: [
        node("first", "switch", {
          property: "topic",
          propertyType: "msg",
          rules: [{ t: "eq", v: "GRANTED", vt: "str" }],
          checkall: "true",
          repair: false,
          outputs: 1,
        }),
      ],
    },
    {
      title: "switch that lets nothing through",
      arrive: 0,
      nodes: [
        node("first", "switch", {
          property: "topic",
          propertyType: "msg",
          rules: [{ t: "eq", v: "X", vt: "str" }],
          checkall: "true",
          repair: false,
          outputs: 1,
        }),
      ],
    },
    {
      title: "switch with a JSONata rule",
      arrive: 1,
      nodes: [
        node("first", "switch", {
          property: "$length(topic)",
          propertyType: "jsonata",
          rules: [{ t: "jsonata_exp", v: "topic = 'GRANTED'", vt: "jsonata" }],
          checkall: "true",
          repair: false,
          outputs: 1,
        }),
      ],
    },
    {
      title: "filter",
      arrive: 1,
      nodes: [
        node("first", "rbe", {
          func: "rbe",
          gap: "",
          start: "",
          inout: "out",
          septopics: true,
          property: "_msgid",
          topi: "topic",
        }),
      ],
    },
    { title: "delay", arrive: 1, nodes: [delay("first")] },
    { title: "delay at random", arrive: 1, nodes: [delay("first", { pauseType: "random" })] },
    { title: "delay that limits the rate", arrive: 1, nodes: [delay("first", { pauseType: "rate" })] },
    {
      title: "delay that queues by topic",
      arrive: 1,
      nodes: [delay("first", { pauseType: "queue", rate: "20" })],
    },
    {
      title: "trigger that sends twice",
      arrive: 2,
      nodes: [trigger({ op1type: "str", op2type: "str" })],
    },
    { title: "trigger that sends nothing, then the latest", arrive: 1, nodes: [trigger({ extend: true })] },
    {
      title: "trigger that sends nothing, then the original",
      arrive: 1,
      nodes: [trigger({ op2type: "pay" })],
    },
    {
      title: "split and join",
      arrive: 1,
      nodes: [
        node("first", "change", { rules: setPayload("[1,2,3]", "json"), wires: [["s"]] }),
        split("s", [["j"]]),
        join("j"),
      ],
    },
    {
      title: "split, a delay, and join",
      arrive: 1,
      nodes: [
        node("first", "change", { rules: setPayload("[1,2,3]", "json"), wires: [["s"]] }),
        split("s", [["d"]]),
        delay("d", { wires: [["j"]] }),
        join("j"),
      ],
    },
    {
      title: "split, messages rebuilt without _msgid, and join",
      arrive: 1,
      nodes: [
        node("first", "change", { rules: setPayload("[1,2,3]", "json"), wires: [["s"]] }),
        split("s", [["f"]]),
        code("f", "return { payload: msg.payload * 2, parts: msg.parts };", { wires: [["d"]] }),
        delay("d", { wires: [["j"]] }),
        join("j"),
      ],
    },
    {
      title: "join that reduces",
      arrive: 1,
      nodes: [
        node("first", "change", { rules: setPayload("[1,2,3]", "json"), wires: [["s"]] }),
        split("s", [["j"]]),
        join("j", {
          mode: "reduce",
          reduceExp: "$A+payload",
          reduceInit: "0",
          reduceInitType: "num",
          reduceFixup: "",
        }),
      ],
    },
    {
      title: "sort of a sequence",
      arrive: 3,
      nodes: [
        node("first", "change", { rules: setPayload("[3,1,2]", "json"), wires: [["s"]] }),
        split("s", [["o"]]),
        node("o", "sort", {
          order: "ascending",
          as_num: true,
          target: "payload",
          targetType: "seq",
          msgKey: "payload",
          msgKeyType: "elem",
          seqKey: "payload",
          seqKeyType: "msg",
        }),
      ],
    },
    {
      title: "batch",
      arrive: 3,
      nodes: [
        node("first", "change", { rules: setPayload("[1,2,3]", "json"), wires: [["s"]] }),
        split("s", [["b"]]),
        node("b", "batch", {
          mode: "count",
          count: 3,
          overlap: 0,
          interval: 10,
          allowEmptySequence: false,
          topics: [],
        }),
      ],
    },
    {
      title: "link out to link in",
      arrive: 1,
      nodes: [
        node("first", "link out", { mode: "link", links: ["in-link"], wires: [] }),
        node("in-link", "link in", { links: ["first"] }),
      ],
    },
    {
      title: "link call",
      arrive: 1,
      nodes: [
        node("first", "link call", { links: ["callee"], linkType: "static", timeout: "5" }),
        node("callee", "link in", { links: [], wires: [["slow"]] }),
        delay("slow", { wires: [["back"]] }),
        node("back", "link out", { mode: "return", links: [], wires: [] }),
      ],
    },
    {
      title: "subflow",
      arrive: 1,
      nodes: [
        {
          id: "sub",
          type: "subflow",
          name: "sub",
          in: [{ x: 1, y: 1, wires: [{ id: "inner" }] }],
          out: [{ x: 2, y: 2, wires: [{ id: "inner", port: 0 }] }],
        },
        { ...delay("inner"), z: "sub", wires: [[]] },
        node("first", "subflow:sub"),
      ],
    },
    { title: "http request that succeeds", arrive: 1, nodes: [http("first", `${at}/`)] },
    {
      title: "http request that is refused, its error caught",
      arrive: 1,
      nodes: [http("first", closed), CATCH],
    },
    {
      title: "http request that times out, its error caught",
      arrive: 1,
      nodes: [
        code("first", "msg.requestTimeout = 200; return msg;", { wires: [["h"]] }),
        http("h", `${at}/silent`),
        CATCH,
      ],
    },
    {
      title: "exec",
      arrive: 2,
      nodes: [
        node("first", "exec", {
          command: "sleep 0.1; echo hello",
          addpay: "",
          append: "",
          useSpawn: "false",
          timer: "",
          winHide: false,
          oldrc: false,
          wires: [["gate"], ["gate"], ["gate"]],
        }),
      ],
    },
    {
      title: "file",
      arrive: 1,
      nodes: [
        node("first", "change", { rules: setPayload("text", "str"), wires: [["w"]] }),
        node("w", "file", {
          filename: "/dev/null",
          filenameType: "str",
          appendNewline: true,
          createDir: false,
          overwriteFile: "false",
          encoding: "none",
        }),
      ],
    },
    {
      title: "Complete",
      arrive: 1,
      nodes: [
        code("first", "return msg;", { wires: [[]] }),
        node("complete", "complete", { scope: ["first"], uncaught: false }),
      ],
    },
    {
      title: "Catch, of an error in a function",
      arrive: 1,
      nodes: [
        code("first", "throw new Error('boom');"),
        node("catch", "catch", { scope: null, uncaught: false, wires: [["later"]] }),
        delay("later"),
      ],
    },
    {
      title: "Catch, of an error a function reports with its message",
      arrive: 1,
      nodes: [
        code("first", "node.error('boom', msg);"),
        node("catch", "catch", { scope: null, uncaught: false }),
      ],
    },
    {
      title: "Catch, of a link call that times out",
      arrive: 1,
      nodes: [
        node("first", "link call", { links: ["callee"], linkType: "static", timeout: "0.2" }),
        node("callee", "link in", { links: [], wires: [[]] }),
        node("catch", "catch", { scope: null, uncaught: false }),
      ],
    },
    {
      title: "no wires at all after the first node",
      arrive: 0,
      nodes: [code("first", "return msg;", { wires: [[]] })],
    },
    {
      title: "debug",
      arrive: 0,
      nodes: [
        node("first", "debug", {
          active: true,
          tosidebar: false,
          console: false,
          tostatus: false,
          complete: "payload",
          targetType: "msg",
          wires: [],
        }),
      ],
    },
    {
      title: "json, there and back",
      arrive: 1,
      nodes: [node("first", "json", { property: "payload", action: "", pretty: false })],
    },
  ];
}
