/**
 * A REGARDS to talk to: takes requests and acknowledgements from RabbitMQ, answers them on the real wire and
 * serves the files over HTTP. It shares no code with the package, so that both cannot be wrong alike.
 */
import { EventEmitter } from "node:events";
import { Acknowledgements } from "./acknowledgements";
import { type AmqpAddress, Bus } from "./bus";
import { CatalogueFiles } from "./catalogue-files";
import { Client, type OrderRequest, type RawMessage, type SubmissionOrder, type WorkRequest } from "./client";
import { Crowd } from "./crowd";
import { type Dissemination, type DisseminationOptions, Disseminations } from "./disseminations";
import { type Disturbance, Downloads, type Version } from "./downloads";
import type { Acknowledgement, Drop, Events } from "./happenings";
import { OrderBook } from "./order-book";
import { OrderFiles, type Transfer } from "./order-files";
import { Orders } from "./orders";
import { Publisher, type PublishOptions } from "./publisher";
import { RequestDesk } from "./request-desk";
import { Rest } from "./rest";
import { Submissions } from "./submissions";
import { Tokens } from "./tokens";
import { type Trouble, Troubles } from "./troubles";
import { exchangeOf, notificationQueue, type ResponseEvent, type WireEvent } from "./wire";
import { Work } from "./work";
import { Workers } from "./workers";

/** How to start one; only the broker is needed. */
export interface SimulatorOptions {
  readonly amqp: AmqpAddress;
  /** The projects; requests without a tenant go to the first one. */
  readonly tenants?: readonly string[];
  /** Web accounts, login → password; they are the users who may order, requests default to the first. */
  readonly users?: Readonly<Record<string, string>>;
  readonly datatypes?: readonly string[];
  /** The web side's port; a free one by default. */
  readonly httpPort?: number;
  /** What the administrator typed as the project's host; the web side's address by default. */
  readonly host?: string;
  /** Milliseconds of one step of work; two to four steps lie between a request and its outcome. */
  readonly pace?: number;
  /** The exchange namespace, `regards` by default. */
  readonly prefix?: string;
  /** Seconds a token lives. */
  readonly tokenLifetime?: number;
  /** How the web side behaves; 2.0 by default. */
  readonly version?: Version;
  /** True for a platform that has never answered: response exchanges appear with the first response. */
  readonly fresh?: boolean;
}

/** A running simulated REGARDS. */
export interface Simulator {
  /** Where the web side is: `http://127.0.0.1:<port>`. */
  readonly address: string;
  readonly prefix: string;
  readonly tenants: readonly string[];
  /** The account requests are made for by default, which may also log in on the web side. */
  readonly user: { readonly login: string; readonly password: string };
  readonly events: Events;
  readonly acknowledgements: {
    readonly accepted: readonly Acknowledgement[];
    readonly dropped: readonly Drop[];
  };
  /** Requests REGARDS threw away in silence. */
  readonly droppedRequests: readonly Drop[];
  /** HEAD requests seen on the web side; there must never be one. */
  readonly heads: number;
  /** GET requests for a download seen, whatever they were answered. */
  readonly downloadRequests: number;
  readonly tokensIssued: number;
  /** The transfers of files by id, in the order in which they ended. */
  readonly transfers: readonly Transfer[];
  /** The most of them there ever were at the same time. */
  readonly mostTransfers: number;

  requestOrder(request?: OrderRequest): Promise<string>;
  cancelOrder(orderId: number, tenant?: string): Promise<void>;
  submit(request?: SubmissionOrder): Promise<string>;
  requestWork(request?: WorkRequest): Promise<string>;
  disseminate(options?: DisseminationOptions): Promise<Dissemination>;
  /** rs-notifier sends a notification a second time. */
  notifyAgain(dissemination: Dissemination): Promise<void>;
  /** Everybody else on the platform does something once. */
  letOthersAct(): Promise<void>;

  /** Publishes a response event of one's own making, with the properties REGARDS gives it. */
  publish(service: ResponseEvent, body: unknown, options?: PublishOptions): Promise<void>;
  /** Publishes to REGARDS exactly what is given. */
  send(event: WireEvent, body: unknown, message?: RawMessage): Promise<void>;
  /** Makes the next downloads go wrong, one each. */
  disturb(...disturbances: readonly Disturbance[]): void;
  /** Makes the next answers of the web side go wrong. */
  ask(...troubles: readonly Trouble[]): void;
  /** How many of these answers have not come yet. */
  readonly troublesLeft: number;
  /** Ends every token given out so far. */
  expireTokens(): void;

  /** Stops it; `removeExchanges` also takes away what REGARDS would leave on the broker. */
  stop(options?: { readonly removeExchanges?: boolean }): Promise<void>;
}

const USERS: Readonly<Record<string, string>> = {
  "john@cnes.fr": "the-password-of-john",
  "jane@cnes.fr": "the-password-of-jane",
};

/** Starts a simulated REGARDS; resolves once it listens on the broker and on its web port. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { tenants = ["project1", "project2"], users = USERS, datatypes = ["LANDSAT"] } = options;
  const { pace = 20, prefix = "regards", tokenLifetime = 7200 } = options;
  const [tenant = ""] = tenants;
  const logins = Object.keys(users);
  const [login = "", other = login] = logins;

  const events: Events = new EventEmitter();
  events.setMaxListeners(0);
  const work = new Work(pace, events);
  const bus = await Bus.open(options.amqp, (error) => events.emit("trouble", error));
  const publisher = new Publisher(bus, prefix);

  const book = new OrderBook();
  const { version = "2.0" } = options;
  const tokens = new Tokens(users, tenants, tokenLifetime, version);
  const host = (): string => options.host ?? rest.address;
  const orders = new Orders({ book, publisher, events, work, users: logins, host });
  const downloads = new Downloads(orders, work, version);
  const files = new OrderFiles(book, downloads, work);
  const catalogue = new CatalogueFiles(work);
  const troubles = new Troubles();
  const rest = new Rest({ tokens, book, downloads, files, catalogue, troubles, work });

  const disseminations = new Disseminations({ bus, prefix, events, tenant, catalogue });
  const acknowledgements = new Acknowledgements({ tenants, events, disseminations });
  const submissions = new Submissions({ publisher, events, work, datatypes });
  const desk = new RequestDesk({
    tenants,
    events,
    orders,
    submissions,
    workers: new Workers({ publisher, events, work }),
  });
  const client = new Client({ bus, prefix, tenant, user: login, datatype: datatypes[0] ?? "" });
  const crowd = new Crowd({ client, events, book, orders, tenants, user: other });

  const stop: Simulator["stop"] = async ({ removeExchanges = false } = {}) => {
    await rest.close();
    await work.stop();
    if (removeExchanges) await bus.removeAll([notificationQueue(prefix)]);
    await bus.close();
  };
  try {
    await desk.open(bus, prefix);
    await acknowledgements.open(bus, prefix);
    // The worker manager declares its output at start-up; the others do so with their first response.
    const declared: ResponseEvent[] = options.fresh ? ["worker"] : ["worker", "order", "submission"];
    for (const event of declared) await bus.declare(exchangeOf(prefix, event));
    await rest.listen(options.httpPort ?? 0);
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    address: rest.address,
    prefix,
    tenants,
    user: { login, password: users[login] ?? "" },
    events,
    acknowledgements,
    droppedRequests: desk.dropped,
    get heads() {
      return rest.heads;
    },
    get downloadRequests() {
      return rest.downloadRequests;
    },
    get tokensIssued() {
      return tokens.issued;
    },
    requestOrder: (request) => client.requestOrder(request),
    cancelOrder: (orderId, of) => client.cancelOrder(orderId, of),
    submit: (request) => client.submit(request),
    requestWork: (request) => client.requestWork(request),
    disseminate: (what) => disseminations.disseminate(what),
    notifyAgain: (dissemination) => disseminations.retry(dissemination),
    letOthersAct: () => crowd.act(),
    publish: (service, body, message = {}) =>
      publisher.respond(service, body, message.tenant ?? tenant, message),
    send: (event, body, message) => client.send(event, body, message),
    transfers: files.transfers,
    get mostTransfers() {
      return files.most;
    },
    ask: (...asked) => troubles.ask(...asked),
    get troublesLeft() {
      return troubles.left;
    },
    disturb: (...disturbances) => downloads.disturb(...disturbances),
    expireTokens: () => tokens.expireAll(),
    stop,
  };
}
