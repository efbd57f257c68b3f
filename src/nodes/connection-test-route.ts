/**
 * The editor's "Test connection": tries what an open dialog holds, stored secrets filled in, and answers with
 * lines. Nothing of it is logged, and no secret leaves in the answer.
 */
import type { Node, NodeAPI } from "node-red";
import { connectionReport, type Line, type Look } from "../diagnosis/connection-report";
import { tenantLine } from "../diagnosis/tenant-line";
import { webReport } from "../diagnosis/web-report";
import type { BrokerCredentials } from "./broker-node";
import { linkOf } from "./broker-options";
import { tenantsSeenBy } from "./last-event-route";
import { type Definition, refuseUnset, SettingsError, text } from "./settings";
import { webOptionsOf } from "./web-options";

/** What the editor shows, and sends, instead of a password it has never seen. */
const UNSEEN = "__PWRD__";

/** A kind of config node that can be tried. */
interface Tried {
  readonly type: string;
  /** Where its secrets may go: the fields that must be as they were stored. */
  readonly place: readonly string[];
  readonly secrets: readonly string[];
  /** The other credentials. */
  readonly names: readonly string[];
  /** What to say where a secret would go elsewhere. */
  readonly retype: string;
  report(form: Definition): Promise<Line[]>;
}

/** Answers `POST regards-broker/:id/test` with `{ lines }`, for whoever may change flows. */
export function registerTestRoute(RED: NodeAPI): void {
  register(RED, {
    ...{ type: "regards-broker", place: ["hosts", "tls"], secrets: ["password"], names: ["user"] },
    retype: "test.retype",
    report: async (form) => {
      const { settings, options } = linkOf(RED, form, credentialsIn(form));
      const look = lookOf(form, settings.namespace);
      const lines = await connectionReport({ ...options, name: `${options.name} (test)` }, look);
      const { tenant } = settings;
      const isWhole = "namespace" in look && look.publish === undefined;
      return tenant === undefined || !isWhole || lines[0]?.ok === false
        ? lines
        : [...lines, tenantLine(tenant, tenantsSeenBy(RED, String(form.id)))];
    },
  });
}

/** Answers `POST regards-web/:id/test` likewise. */
export function registerWebTestRoute(RED: NodeAPI): void {
  register(RED, {
    ...{ type: "regards-web", place: ["address", "tls", "proxy"] },
    ...{ secrets: ["password", "secret"], names: ["user", "client"] },
    retype: "test.web.retype",
    report: (form) => {
      const { user, password, client, secret } = form;
      const words = { user, password, client, secret };
      const credentials = Object.entries(words).map(([name, value]) => [name, String(value ?? "")]);
      const { settings, http } = webOptionsOf(RED, form, Object.fromEntries(credentials));
      return webReport(settings, http);
    },
  });
}

function register(RED: NodeAPI, tried: Tried): void {
  RED.httpAdmin.post(
    `/${tried.type}/:id/test`,
    RED.auth.needsPermission(`${tried.type}.write`),
    (request, response) => {
      report(RED, tried, String(request.params.id), request.body ?? {}).then(
        (lines) => response.json({ lines }),
        () => response.sendStatus(500),
      );
    },
  );
}

async function report(RED: NodeAPI, tried: Tried, id: string, body: Definition): Promise<Line[]> {
  try {
    const stored = (RED.nodes.getCredentials(id) ?? {}) as Record<string, unknown>;
    const isStored = isStoredFor(RED, tried, id, body);
    const given: Record<string, unknown> = { ...body };
    for (const name of tried.names) {
      given[name] ??= isStored ? stored[name] : undefined;
    }
    for (const secret of tried.secrets) {
      const value = given[secret] ?? (stored[secret] && UNSEEN);
      if (value === UNSEEN && !isStored) {
        return [{ ok: false, name: "", text: tried.retype }];
      }
      given[secret] = value === UNSEEN ? stored[secret] : value;
    }
    const form = resolved(RED, RED.nodes.getNode(id), given);
    return await tried.report({ ...form, id });
  } catch (error) {
    if (!(error instanceof SettingsError)) {
      throw error;
    }
    const { key, values } = error;
    return [{ ok: false, name: "", text: `runtime.setting.${key}`, values }];
  }
}

/**
 * Whether the credentials kept under this id belong to a node of this type, and to where this form points: whoever
 * may change flows could otherwise have any node's password sent to a host of their own.
 */
function isStoredFor(RED: NodeAPI, { type, place }: Tried, id: string, form: Definition): boolean {
  let isTheSame = false;
  RED.nodes.eachNode((node) => {
    const deployed = node as unknown as Definition;
    if (deployed.id === id && deployed.type === type) {
      isTheSame = place.every((property) => written(deployed[property]) === written(form[property]));
    }
  });
  return isTheSame;
}

function written(value: unknown): string {
  return String(value ?? "").trim();
}

/** `${NAME}` alone in a field, as Node-RED fills it in when flows start; left alone where nothing has that name. */
function resolved(RED: NodeAPI, node: Node | null, fields: Definition): Record<string, unknown> {
  const entries = Object.entries(fields).map(([property, value]) => {
    const isName = typeof value === "string" && /^\$\{[^}]+\}$/.test(value);
    const found = isName ? RED.util.evaluateNodeProperty(value, "env", node ?? nowhere(), {}) : "";
    return [property, found === "" ? value : found];
  });
  return Object.fromEntries(entries);
}

/** Before its first deploy, a node has no flow or group whose variables it could see. */
function nowhere(): Node {
  return {} as Node;
}

/** What the dialog that asks wants to know of the broker: that of an in-node, of an out-node, or of the broker node. */
function lookOf(form: Definition, namespace: string): Look {
  const { queue, publish } = form;
  if (typeof queue === "string") {
    return { queue };
  }
  if ("exchange" in form) {
    return { exchange: chosenExchange(form) };
  }
  return Array.isArray(publish) ? { namespace, publish: publish.map(String) } : { namespace };
}

/** @throws SettingsError */
function chosenExchange(form: Definition): string {
  refuseUnset(form, ["exchange"]);
  const exchange = text(form, "exchange", "");
  if (exchange === "") {
    throw new SettingsError("required", { property: "exchange" });
  }
  return exchange;
}

function credentialsIn({ user, password }: Definition): BrokerCredentials {
  return { user: String(user ?? ""), password: String(password ?? "") };
}
