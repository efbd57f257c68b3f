/**
 * The editor's "Test connection": tries what an open dialog holds, stored secrets filled in, and answers with
 * lines. Nothing of it is logged, and no secret leaves in the answer.
 */
import type { Node, NodeAPI } from "node-red";
import { connectionReport, type Line } from "../diagnosis/connection-report";
import type { BrokerCredentials } from "./broker-node";
import { linkOf } from "./broker-options";
import { type Definition, SettingsError } from "./settings";

/** What the editor shows, and sends, instead of a password it has never seen. */
const UNSEEN = "__PWRD__";

/** Answers `POST regards-broker/:id/test` with `{ lines }`, for whoever may change flows. */
export function registerTestRoute(RED: NodeAPI): void {
  RED.httpAdmin.post(
    "/regards-broker/:id/test",
    RED.auth.needsPermission("regards-broker.write"),
    (request, response) => {
      report(RED, String(request.params.id), request.body ?? {}).then(
        (lines) => response.json({ lines }),
        () => response.sendStatus(500),
      );
    },
  );
}

async function report(RED: NodeAPI, id: string, body: Definition): Promise<Line[]> {
  try {
    const stored: BrokerCredentials = RED.nodes.getCredentials(id) ?? {};
    const isStored = isStoredFor(RED, id, body);
    const { user = isStored ? stored.user : undefined, password = stored.password && UNSEEN } = body;
    if (password === UNSEEN && !isStored) {
      return [{ ok: false, name: "", text: "test.retype" }];
    }
    const given = { ...body, user, password: password === UNSEEN ? stored.password : password };
    const form = resolved(RED, RED.nodes.getNode(id), given);
    const { settings, options } = linkOf(RED, { ...form, id }, credentialsIn(form));
    const { queue } = form;
    return await connectionReport(
      { ...options, name: `${options.name} (test)` },
      typeof queue === "string" ? { queue } : settings,
    );
  } catch (error) {
    if (!(error instanceof SettingsError)) {
      throw error;
    }
    const { key, values } = error;
    return [{ ok: false, name: "", text: `runtime.setting.${key}`, values }];
  }
}

/**
 * Whether the credentials kept under this id belong to a broker node, and to where this form points: whoever may
 * change flows could otherwise have any node's password sent to a host of their own.
 */
function isStoredFor(RED: NodeAPI, id: string, form: Definition): boolean {
  let isTheSame = false;
  RED.nodes.eachNode((node) => {
    const deployed = node as unknown as Definition;
    if (deployed.id === id && deployed.type === "regards-broker") {
      isTheSame =
        written(deployed.hosts) === written(form.hosts) && written(deployed.tls) === written(form.tls);
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

function credentialsIn({ user, password }: Definition): BrokerCredentials {
  return { user: String(user ?? ""), password: String(password ?? "") };
}
