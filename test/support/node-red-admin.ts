/** Node-RED's admin API, as the editor uses it. */

/** A node of a flow, as in flows.json; `credentials` go where Node-RED keeps them. */
export interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly [property: string]: unknown;
}

/** One node set of `GET /nodes`. */
export interface NodeSet {
  readonly id: string;
  readonly module: string;
  readonly types: readonly string[];
  readonly enabled: boolean;
  readonly err?: unknown;
}

/**
 * Node-RED takes a node without a place on the canvas for a config node, and Catch and Complete overlook it.
 */
export function placed(node: FlowNode): FlowNode {
  return "wires" in node && !("x" in node) ? { ...node, x: 100, y: 100 } : node;
}

/** The admin API of one Node-RED. */
export class NodeRedAdmin {
  readonly url: string;
  #token: string | undefined;

  constructor(url: string) {
    this.url = url;
  }

  /** Any request; the path is relative to the root. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#token !== undefined) headers.set("authorization", `Bearer ${this.#token}`);
    return fetch(new URL(path, this.url), { ...init, headers });
  }

  /** Gets the token of an `adminAuth` user, and sends it from now on. */
  async login(username: string, password: string): Promise<void> {
    const body = { client_id: "node-red-admin", grant_type: "password", scope: "*", username, password };
    const response = await this.#request("auth/token", "POST", body);
    this.#token = (response as { access_token: string }).access_token;
  }

  /** Answers before the new flows run. */
  async postFlows(flows: readonly FlowNode[], type: "full" | "flows" | "nodes"): Promise<void> {
    const body = { flows: flows.map(placed) };
    await this.#request("flows", "POST", body, { "node-red-deployment-type": type });
  }

  async flows(): Promise<FlowNode[]> {
    return ((await this.#request("flows", "GET")) as { flows: FlowNode[] }).flows;
  }

  async nodes(): Promise<NodeSet[]> {
    return (await this.#request("nodes", "GET")) as NodeSet[];
  }

  async #request(path: string, method: string, body?: unknown, headers = {}): Promise<unknown> {
    const response = await this.fetch(path, {
      method,
      headers: {
        "content-type": "application/json",
        "node-red-api-version": "v2",
        accept: "application/json",
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return await response.json();
  }
}
