/**
 * An outside client: publishes the requests REGARDS takes, with what a client has to set and nothing more.
 */
import { randomUUID } from "node:crypto";
import type { Bus } from "./bus";
import { bytes } from "./publisher";
import { exchangeOf, HEADER, type Headers, type WireEvent } from "./wire";

/** An order request; `queries` are written in the words of catalogue.ts. */
export interface OrderRequest {
  readonly tenant?: string;
  readonly correlationId?: string;
  readonly user?: string;
  readonly queries?: readonly string[];
  readonly filters?: Readonly<Record<string, unknown>>;
  readonly sizeLimitInBytes?: number;
}

/** A product submission; a `url` on a `.invalid` host is one ingest cannot fetch. */
export interface SubmissionOrder {
  readonly tenant?: string;
  readonly correlationId?: string;
  readonly productId?: string;
  readonly datatype?: string;
  readonly url?: string;
  readonly session?: string;
  readonly owner?: string;
}

/** A worker request; the content types are those of worker-types.ts. */
export interface WorkRequest {
  readonly tenant?: string;
  readonly requestId?: string;
  readonly owner?: string;
  readonly session?: string;
  readonly contentType?: string;
  readonly body?: unknown;
}

/** A message exactly as given, right or wrong. */
export interface RawMessage {
  readonly headers?: Headers;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** Where the client publishes, and as whom when a request does not say. */
export interface ClientSurroundings {
  readonly bus: Bus;
  readonly prefix: string;
  readonly tenant: string;
  readonly user: string;
  readonly datatype: string;
}

/** The client. */
export class Client {
  readonly #around: ClientSurroundings;

  constructor(around: ClientSurroundings) {
    this.#around = around;
  }

  /** Orders files and returns the correlation id the answers will carry. */
  async requestOrder(request: OrderRequest = {}): Promise<string> {
    const { tenant, correlationId = `order-${randomUUID()}`, user = this.#around.user, ...rest } = request;
    const body = { correlationId, user, queries: ["files:2"], ...rest };
    await this.send("orderRequest", body, { headers: this.#tenantHeader(tenant) });
    return correlationId;
  }

  /** Cancels an order, to which REGARDS does not answer. */
  async cancelOrder(orderId: number, tenant?: string): Promise<void> {
    const body = { orderId, correlationId: `cancel-${randomUUID()}` };
    await this.send("orderCancel", body, { headers: this.#tenantHeader(tenant) });
  }

  /** Submits a product and returns the correlation id the answers will carry. */
  async submit(request: SubmissionOrder = {}): Promise<string> {
    const {
      tenant,
      correlationId = `submission-${randomUUID()}`,
      owner = this.#around.user,
      session,
    } = request;
    const { productId = `product-${correlationId.slice(-12)}`, datatype = this.#around.datatype } = request;
    const file = {
      type: "RAWDATA",
      url: request.url ?? `file:///data/${productId}.tif`,
      filename: `${productId}.tif`,
      checksumMd5: "098f6bcd4621d373cade4e832627b4f6",
      mimeType: "image/tiff",
    };
    const body = { correlationId, productId, datatype, files: [file], session };
    const headers = { ...this.#tenantHeader(tenant), [HEADER.owner]: owner };
    await this.send("submissionRequest", body, { headers });
    return correlationId;
  }

  /** Asks a worker to do something and returns the request id the answers will carry. */
  async requestWork(request: WorkRequest = {}): Promise<string> {
    const {
      tenant,
      requestId = `work-${randomUUID()}`,
      owner = this.#around.user,
      body = { hello: 1 },
    } = request;
    const headers = {
      ...this.#tenantHeader(tenant),
      [HEADER.requestId]: requestId,
      [HEADER.owner]: owner,
      [HEADER.session]: request.session ?? "a session",
      [HEADER.contentType]: request.contentType ?? "count-bytes",
    };
    await this.send("workerRequest", body, { headers });
    return requestId;
  }

  /** Publishes to a request or acknowledgement exchange what it is given, and nothing it is not given. */
  async send(
    event: WireEvent,
    body: unknown,
    { headers = {}, properties = {} }: RawMessage = {},
  ): Promise<void> {
    const exchange = exchangeOf(this.#around.prefix, event);
    await this.#around.bus.publish(exchange, bytes(body), { ...properties, headers });
  }

  #tenantHeader(tenant = this.#around.tenant): Headers {
    return { [HEADER.tenant]: tenant };
  }
}
