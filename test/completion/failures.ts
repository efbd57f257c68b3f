/**
 * Flows in which events fail, with nobody to catch it: each event must be judged by what was reported with its own
 * message, however the node that failed came to it.
 */
import type { FlowNode } from "../support/test-node-red";

/** One flow; it starts at the node `first`. */
export interface FailureCase {
  readonly title: string;
  readonly nodes: readonly FlowNode[];
  /** The payload of an event that fails; "bad" unless it needs another. */
  readonly payload?: unknown;
  /** What is reported. */
  readonly reason: RegExp;
}

function node(id: string, type: string, properties: Readonly<Record<string, unknown>> = {}): FlowNode {
  return { id, type, z: "tab", wires: [[]], ...properties };
}

export function code(id: string, func: string, properties: Readonly<Record<string, unknown>> = {}): FlowNode {
  return node(id, "function", { func, outputs: 1, libs: [], initialize: "", finalize: "", ...properties });
}

/** Lets one message pass in 20 ms. */
export const rateLimit = (id: string, next: string): FlowNode =>
  node(id, "delay", {
    pauseType: "rate",
    timeout: "1",
    timeoutUnits: "seconds",
    rate: "50",
    nbRateUnits: "1",
    rateUnits: "second",
    randomFirst: "1",
    randomLast: "2",
    randomUnits: "seconds",
    drop: false,
    allowrate: false,
    outputs: 1,
    wires: [[next]],
  });

const http = (id: string, url: string): FlowNode =>
  node(id, "http request", {
    method: "GET",
    ret: "txt",
    paytoqs: "ignore",
    url,
    tls: "",
    persist: true,
    proxy: "",
    insecureHTTPParser: false,
    authType: "",
    senderr: false,
    headers: [],
  });

const file = (id: string, overwriteFile: string, properties: object = {}): FlowNode =>
  node(id, "file", {
    filename: "/nonexistent/folder/file",
    filenameType: "str",
    ...properties,
    appendNewline: true,
    createDir: false,
    overwriteFile,
    encoding: "none",
  });

/** A property that cannot be read is a warning only; a rule that cannot be judged is an error. */
const switchBy = (v: string): FlowNode =>
  node("first", "switch", {
    property: "payload",
    propertyType: "msg",
    rules: [{ t: "jsonata_exp", v, vt: "jsonata" }],
    checkall: "true",
    repair: false,
    outputs: 1,
  });

const set = (to: string, tot: string): object[] => [{ t: "set", p: "payload", pt: "msg", to, tot }];

const join = (properties: Readonly<Record<string, unknown>>): FlowNode =>
  node("first", "join", {
    mode: "custom",
    build: "array",
    property: "payload",
    propertyType: "msg",
    key: "topic",
    joiner: "",
    joinerType: "str",
    accumulate: false,
    timeout: "",
    count: "",
    useparts: false,
    reduceRight: false,
    ...properties,
  });

/** `closed` is a port nobody listens on. */
export function failureCases(closed: number): readonly FailureCase[] {
  const refused = `http://127.0.0.1:${closed}/`;
  const reports = code("fails", "node.error('broken', msg);");
  return [
    { title: "a function that throws", nodes: [code("first", "throw new Error('boom');")], reason: /boom/ },
    {
      title: "a function that reports an error with its message",
      nodes: [code("first", "node.error('boom', msg);")],
      reason: /boom/,
    },
    {
      title: "an asynchronous function that fails",
      nodes: [code("first", "await new Promise((r) => setTimeout(r, 20)); throw new Error('late boom');")],
      reason: /late boom/,
    },
    { title: "http request", nodes: [http("first", refused)], reason: /ECONNREFUSED/ },
    {
      title: "http request behind a rate limit",
      nodes: [rateLimit("first", "h"), http("h", refused)],
      reason: /ECONNREFUSED/,
    },
    {
      title: "a function behind a rate limit",
      nodes: [rateLimit("first", "fails"), reports],
      reason: /broken/,
    },
    {
      title: "a function behind a batch by time",
      nodes: [
        node("first", "batch", {
          mode: "interval",
          count: 10,
          overlap: 0,
          interval: "0.2",
          allowEmptySequence: false,
          topics: [],
          wires: [["fails"]],
        }),
        reports,
      ],
      reason: /broken/,
    },
    {
      title: "a function behind a join with a time-out",
      nodes: [join({ timeout: "0.2", wires: [["fails"]] }), reports],
      reason: /broken/,
    },
    {
      title: "a function with a work list and one timer",
      nodes: [
        code(
          "first",
          `const list = context.get("list") ?? [];
           list.push({ error: () => node.error("broken", msg), done: () => node.done() });
           context.set("list", list);
           if (list.length === 1) {
             const timer = setInterval(() => {
               const next = list.shift();
               if (list.length === 0) { clearInterval(timer); }
               next.error();
               next.done();
             }, 20);
           }`,
        ),
      ],
      reason: /broken/,
    },
    { title: "file, overwriting", nodes: [file("first", "true")], reason: /ENOENT/ },
    { title: "file, appending", nodes: [file("first", "false")], reason: /ENOENT/ },
    {
      title: "file, appending to what the message names",
      nodes: [
        code("first", 'msg.where = "/nonexistent/folder/file"; return msg;', { wires: [["f"]] }),
        file("f", "false", { filename: "where", filenameType: "msg" }),
      ],
      // With several at once the node mixes its streams up.
      reason: /ENOENT|write after end/,
    },
    { title: "file, deleting", nodes: [file("first", "delete")], reason: /ENOENT/ },
    {
      title: "file in",
      nodes: [
        node("first", "file in", {
          filename: "/nonexistent/folder/file",
          filenameType: "str",
          format: "utf8",
          chunk: false,
          sendError: false,
          encoding: "none",
          allProps: false,
        }),
      ],
      reason: /ENOENT/,
    },
    {
      title: "change",
      nodes: [node("first", "change", { rules: set("$number(payload)", "jsonata") })],
      reason: /JSONata|Unable to cast/,
    },
    { title: "switch", nodes: [switchBy("$number(payload)")], reason: /JSONata|Unable to cast/ },
    {
      title: "json",
      nodes: [node("first", "json", { property: "payload", action: "obj", pretty: false })],
      reason: /JSON/,
    },
    {
      title: "xml",
      payload: "<a>",
      nodes: [node("first", "xml", { property: "payload", attr: "", chr: "" })],
      reason: /Unclosed|Unexpected/,
    },
    {
      title: "yaml",
      payload: "a: [",
      nodes: [node("first", "yaml", { property: "payload" })],
      reason: /unexpected|YAML|flow/i,
    },
    {
      title: "template",
      payload: "{{#a}}",
      nodes: [
        node("first", "template", {
          field: "payload",
          fieldType: "msg",
          format: "handlebars",
          syntax: "mustache",
          template: "{{#open}}",
          output: "str",
        }),
      ],
      reason: /Unclosed section/,
    },
    {
      title: "join that reduces",
      nodes: [
        code("first", "msg.parts = { id: msg._msgid, index: 0, count: 1 }; return msg;", { wires: [["j"]] }),
        {
          ...join({
            mode: "reduce",
            reduceExp: "$number(payload)",
            reduceInit: "0",
            reduceInitType: "num",
            reduceFixup: "",
          }),
          id: "j",
        },
      ],
      reason: /JSONata|cast|reduce/i,
    },
    {
      title: "sort",
      nodes: [
        code("first", "msg.list = ['a', 'b']; return msg;", { wires: [["sorts"]] }),
        node("sorts", "sort", {
          order: "ascending",
          as_num: false,
          target: "list",
          targetType: "msg",
          msgKey: "$number($)",
          msgKeyType: "jsonata",
          seqKey: "payload",
          seqKeyType: "msg",
        }),
      ],
      reason: /JSONata|cast|sort|invalid/i,
    },
    {
      title: "tcp request",
      nodes: [
        node("first", "tcp request", {
          server: "127.0.0.1",
          port: `${closed}`,
          out: "count",
          splitc: "5",
          ret: "string",
          newline: "",
          trim: false,
          tls: "",
        }),
      ],
      reason: /connect/i,
    },
    {
      title: "link call",
      nodes: [
        node("first", "link call", { links: ["callee"], linkType: "static", timeout: "0.2" }),
        node("callee", "link in", { links: [], wires: [[]] }),
      ],
      reason: /timeout/,
    },
    {
      title: "link call to nowhere",
      nodes: [node("first", "link call", { links: [], linkType: "dynamic", timeout: "0.2" })],
      reason: /target|undefined/i,
    },
    {
      title: "a function in a subflow",
      nodes: [
        {
          id: "sub",
          type: "subflow",
          name: "sub",
          in: [{ x: 1, y: 1, wires: [{ id: "inner" }] }],
          out: [],
        },
        { ...code("inner", "node.error('broken', msg);"), z: "sub", wires: [[]] },
        node("first", "subflow:sub", { wires: [] }),
      ],
      reason: /broken/,
    },
    {
      title: "a node that works off a queue and reports from its callback",
      nodes: [node("first", "test-pool")],
      reason: /table missing/,
    },
  ];
}
