/** The web side of REGARDS on loopback, as rs-gateway shows it: `/api/v1/<service>/<endpoint>`. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { json } from "node:stream/consumers";
import type { CatalogueFiles } from "./catalogue-files";
import type { Downloads } from "./downloads";
import { isBody } from "./intake";
import { availableFiles, errorCount, type Order, type OrderBook } from "./order-book";
import { type OrderFiles, type PlainAnswer, pageOf } from "./order-files";
import type { Session, Tokens } from "./tokens";
import type { Place, Trouble, Troubles } from "./troubles";
import type { Work } from "./work";

/** What the web side shows. */
export interface RestSurroundings {
  readonly tokens: Tokens;
  readonly book: OrderBook;
  readonly downloads: Downloads;
  readonly files: OrderFiles;
  readonly catalogue: CatalogueFiles;
  readonly troubles: Troubles;
  readonly work: Work;
  /** Serves over TLS with these. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A request that came, as a test looks at it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

const TOKEN = /^\/api\/v1\/rs-authentication\/oauth\/token$/;
const ORDER = /^\/api\/v1\/rs-order\/user\/orders\/(\d+)(\/download)?$/;
const LIST = /^\/api\/v1\/rs-order\/orders\/(\d+)(?:\/filesTask\/(\d+))?\/files\/available$/;
const FILE = /^\/api\/v1\/rs-order\/{1,2}orders\/files\/(\d+)$/;
const CATALOGUE = /^\/api\/v1\/rs-catalog\/downloads\/([^/]+)\/files\/([^/]+)$/;

/** The HTTP server. */
export class Rest {
  readonly #around: RestSurroundings;
  readonly #server: Server;
  readonly #seen: Seen[] = [];
  #address = "";
  #heads = 0;
  #downloadRequests = 0;

  constructor(around: RestSurroundings) {
    this.#around = around;
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      around.work.run(() => this.#answer(request, response));
    };
    this.#server =
      around.tls === undefined ? createServer(answer) : (createTlsServer(around.tls, answer) as Server);
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

  /** Every request received. */
  get seen(): readonly Seen[] {
    return this.#seen;
  }

  /** How many connections are open now. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) =>
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  }

  /** Starts to listen on loopback; port 0 takes a free one. */
  async listen(port: number): Promise<void> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the web side has no TCP address");
    const scheme = this.#around.tls === undefined ? "http" : "https";
    this.#address = `${scheme}://127.0.0.1:${address.port}`;
  }

  /** Ends every connection and stops listening. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", headers } = request;
    if (method === "HEAD") this.#heads += 1;
    const url = new URL(request.url ?? "/", this.#address);
    this.#seen.push({ method, path: `${url.pathname}${url.search}`, headers });
    if (TOKEN.test(url.pathname) && method === "POST") {
      const trouble = this.#around.troubles.next("token");
      if (trouble === undefined || !(await wentWrong(response, trouble)))
        await this.#token(request, response, url);
      return;
    }
    if (![ORDER, LIST, FILE, CATALOGUE].some((endpoint) => endpoint.test(url.pathname)))
      return send(response, 404, { messages: [`No endpoint ${url.pathname}`] });
    const session = this.#around.tokens.session(headers.authorization);
    if (session === undefined) return send(response, 401, { messages: ["Full authentication is required"] });
    await this.#serve(session, method, url, response);
  }

  /** Answers somebody who has logged in. */
  async #serve(session: Session, method: string, url: URL, response: ServerResponse): Promise<void> {
    const [, orderId, download] = ORDER.exec(url.pathname) ?? [];
    const [, listed, subOrder] = LIST.exec(url.pathname) ?? [];
    const [, fileId] = FILE.exec(url.pathname) ?? [];
    const [, urn, checksum] = CATALOGUE.exec(url.pathname) ?? [];
    const isDownload = download !== undefined && method === "GET";
    if (isDownload) this.#downloadRequests += 1;
    const place: Place | undefined = listed
      ? "list"
      : fileId
        ? "file"
        : urn
          ? "catalogue"
          : download
            ? "zip"
            : undefined;
    const file = fileId === undefined ? undefined : Number(fileId);
    const trouble = place === undefined ? undefined : this.#around.troubles.next(place, file);
    if (trouble !== undefined && (await wentWrong(response, trouble))) return;
    if (listed !== undefined) {
      const sub = subOrder === undefined ? undefined : Number(subOrder);
      const answer = this.#around.files.list(session, Number(listed), sub, pageOf(url.searchParams));
      return send(response, answer.statusCode, answer.body, trouble);
    }
    if (file !== undefined) {
      return finish(response, await this.#around.files.file(session, file, response, trouble));
    }
    if (urn !== undefined && checksum !== undefined) {
      const name = decodeURIComponent(urn);
      return finish(response, await this.#around.catalogue.file(name, checksum, response, trouble));
    }
    const order = this.#around.book.find(session.tenant, Number(orderId));
    if (order === undefined)
      return send(response, 404, { messages: [`Order ${orderId} could not be found`] });
    if (download !== undefined) await this.#around.downloads.answer(order, response, trouble);
    else send(response, 200, { content: orderDto(order), links: [] });
  }

  async #token(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const body = await json(request).catch(() => undefined);
    const scope = url.searchParams.get("scope") ?? request.headers.scope;
    const answer = this.#around.tokens.grant({
      authorization: request.headers.authorization,
      scope: typeof scope === "string" ? scope : undefined,
      body: isBody(body) ? body : {},
      query: Object.fromEntries(url.searchParams),
    });
    send(response, answer.statusCode, answer.body);
  }
}

/** Does what a trouble does before any body; false where it is about the body. */
async function wentWrong(response: ServerResponse, trouble: Trouble): Promise<boolean> {
  if ("answers" in trouble) {
    const { answers, retryAfter, text = "", html = false } = trouble;
    const retry = retryAfter === undefined ? {} : { "Retry-After": retryAfter };
    response.writeHead(answers, { "Content-Type": html ? "text/html" : "text/plain", ...retry }).end(text);
    return true;
  }
  if ("redirects" in trouble) {
    response.writeHead(trouble.status ?? 302, { Location: trouble.redirects }).end();
    return true;
  }
  if ("resets" in trouble) {
    response.destroy();
    return true;
  }
  if ("stalls" in trouble && trouble.stalls === "before the answer") {
    if (!response.destroyed) await once(response, "close");
    return true;
  }
  return false;
}

function finish(response: ServerResponse, answer: PlainAnswer | undefined): void {
  if (answer !== undefined) send(response, answer.statusCode, answer.body);
}

/** A list that goes wrong: cut in the middle, or without an end. */
function send(response: ServerResponse, statusCode: number, body: unknown, trouble?: Trouble): void {
  const text = JSON.stringify(body) ?? "";
  response.writeHead(statusCode, { "Content-Type": "application/json" });
  if (trouble !== undefined && "cut" in trouble) {
    response.write(text.slice(0, text.length / 2), () => response.destroy());
    return;
  }
  if (trouble !== undefined && "body" in trouble && trouble.body === "endless") {
    const more = (): void => {
      if (!response.destroyed) response.write(`${" ".repeat(1 << 16)}`, more);
    };
    more();
    return;
  }
  response.end(text);
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
