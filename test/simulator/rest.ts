/** The web side of REGARDS on loopback, as rs-gateway shows it: `/api/v1/<service>/<endpoint>`. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import type { Downloads } from "./downloads";
import { isBody } from "./intake";
import { availableFiles, errorCount, type Order, type OrderBook } from "./order-book";
import type { Tokens } from "./tokens";
import type { Work } from "./work";

/** What the web side shows. */
export interface RestSurroundings {
  readonly tokens: Tokens;
  readonly book: OrderBook;
  readonly downloads: Downloads;
  readonly work: Work;
}

const TOKEN_PATH = "/api/v1/rs-authentication/oauth/token";
const ORDER_PATH = /^\/api\/v1\/rs-order\/user\/orders\/(\d+)(\/download)?$/;

/** The HTTP server. */
export class Rest {
  readonly #around: RestSurroundings;
  readonly #server: Server;
  #address = "";
  #heads = 0;
  #downloadRequests = 0;

  constructor(around: RestSurroundings) {
    this.#around = around;
    this.#server = createServer((request, response) => {
      around.work.run(() => this.#answer(request, response));
    });
  }

  /** `http://127.0.0.1:<port>`. */
  get address(): string {
    return this.#address;
  }

  /** HEAD requests received: each one would have cost somebody their files. */
  get heads(): number {
    return this.#heads;
  }

  /** GET requests for a download received, whatever they were answered. */
  get downloadRequests(): number {
    return this.#downloadRequests;
  }

  /** Starts to listen on loopback; port 0 takes a free one. */
  async listen(port: number): Promise<void> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the web side has no TCP address");
    this.#address = `http://127.0.0.1:${address.port}`;
  }

  /** Ends every connection and stops listening. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "HEAD") this.#heads += 1;
    const url = new URL(request.url ?? "/", this.#address);
    const [, orderId, download] = ORDER_PATH.exec(url.pathname) ?? [];
    if (url.pathname === TOKEN_PATH && request.method === "POST") await this.#token(request, response, url);
    else if (orderId !== undefined)
      await this.#order(request, response, Number(orderId), download !== undefined);
    else send(response, 404, { messages: [`No endpoint ${url.pathname}`] });
  }

  async #token(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const body = await json(request).catch(() => undefined);
    const scope = url.searchParams.get("scope") ?? request.headers.scope;
    const answer = this.#around.tokens.grant({
      authorization: request.headers.authorization,
      scope: typeof scope === "string" ? scope : undefined,
      body: isBody(body) ? body : {},
    });
    send(response, answer.statusCode, answer.body);
  }

  async #order(
    request: IncomingMessage,
    response: ServerResponse,
    orderId: number,
    isDownload: boolean,
  ): Promise<void> {
    if (isDownload && request.method === "GET") this.#downloadRequests += 1;
    const session = this.#around.tokens.session(request.headers.authorization);
    if (session === undefined) return send(response, 401, { messages: ["Full authentication is required"] });
    const order = this.#around.book.find(session.tenant, orderId);
    if (order === undefined)
      return send(response, 404, { messages: [`Order ${orderId} could not be found`] });
    if (isDownload) await this.#around.downloads.answer(order, response);
    else send(response, 200, { content: orderDto(order), links: [] });
  }
}

function send(response: ServerResponse, statusCode: number, body: unknown): void {
  response.writeHead(statusCode, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

function orderDto(order: Order) {
  const files = order.subOrders.flatMap((subOrder) => subOrder.files);
  const prepared = files.filter(({ state }) => state !== "PENDING").length;
  return {
    id: order.orderId,
    owner: order.user,
    status: order.status,
    percentCompleted: files.length === 0 ? 100 : Math.floor((100 * prepared) / files.length),
    filesInErrorCount: errorCount(files),
    availableFilesCount: availableFiles(order).length,
    waitingForUser: order.subOrders.some(({ state }) => state === "WAITING_USER"),
  };
}
