/**
 * The web side of REGARDS alone, without RabbitMQ: orders are there with all their files at once. For tests of what
 * speaks HTTP only. Enters: orders and troubles. Leaves: an address, and what has been asked for and sent.
 */
import { EventEmitter } from "node:events";
import type { ProductFile } from "./catalogue";
import { CatalogueFiles } from "./catalogue-files";
import { Downloads, type Version } from "./downloads";
import type { Events } from "./happenings";
import { fetchFiles, markDelivered, type Order, OrderBook } from "./order-book";
import { OrderFiles, type Transfer } from "./order-files";
import { Rest, type Seen } from "./rest";
import { Tokens } from "./tokens";
import { type Trouble, Troubles } from "./troubles";
import { Work } from "./work";

/** How to start one; nothing is needed. */
export interface WebSideOptions {
  readonly version?: Version;
  readonly tokenLifetime?: number;
  readonly port?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A running one. */
export interface WebSide {
  readonly address: string;
  readonly tenant: string;
  readonly user: { readonly login: string; readonly password: string };
  /** Enters an order of the user, or of somebody else, whose files are there. */
  order(files: readonly (Partial<ProductFile> & { readonly name: string })[], user?: string): Order;
  /** The files of disseminated products. */
  readonly catalogue: CatalogueFiles;
  ask(...troubles: readonly Trouble[]): void;
  expireTokens(): void;
  readonly tokensAsked: number;
  readonly tokensIssued: number;
  readonly heads: number;
  readonly zips: number;
  readonly seen: readonly Seen[];
  readonly transfers: readonly Transfer[];
  readonly mostTransfers: number;
  connections(): Promise<number>;
  stop(): Promise<void>;
}

const TENANT = "project1";
const LOGIN = "john@cnes.fr";
const USERS = { [LOGIN]: "the-password-of-john", "jane@cnes.fr": "the-password-of-jane" };

/** Starts the web side; resolves once it listens. */
export async function startWebSide(options: WebSideOptions = {}): Promise<WebSide> {
  const { version = "2.0", tokenLifetime = 7200, port = 0, tls } = options;
  const events: Events = new EventEmitter();
  const work = new Work(5, events);
  const book = new OrderBook();
  const tokens = new Tokens(USERS, [TENANT], tokenLifetime, version);
  const downloads = new Downloads({ delivered: markDelivered }, work, version);
  const files = new OrderFiles(book, downloads, work);
  const catalogue = new CatalogueFiles(work);
  const troubles = new Troubles();
  const rest = new Rest({
    ...{ tokens, book, downloads, files, catalogue, troubles, work },
    ...(tls === undefined ? {} : { tls }),
  });
  await rest.listen(port);
  return {
    address: rest.address,
    tenant: TENANT,
    user: { login: LOGIN, password: USERS[LOGIN] ?? "" },
    order(wanted, user = LOGIN) {
      const whole = wanted.map((file) => ({ content: Buffer.from(file.name), fails: false, ...file }));
      const correlationId = "web-side";
      const order = book.enter({ tenant: TENANT, user, correlationId }, [whole]);
      for (const subOrder of order.subOrders) fetchFiles(subOrder);
      return order;
    },
    catalogue,
    ask: (...asked) => troubles.ask(...asked),
    expireTokens: () => tokens.expireAll(),
    get tokensAsked() {
      return tokens.asked;
    },
    get tokensIssued() {
      return tokens.issued;
    },
    get heads() {
      return rest.heads;
    },
    get zips() {
      return rest.downloadRequests;
    },
    get seen() {
      return rest.seen;
    },
    transfers: files.transfers,
    get mostTransfers() {
      return files.most;
    },
    connections: () => rest.connections(),
    async stop() {
      await rest.close();
      await work.stop();
    },
  };
}
