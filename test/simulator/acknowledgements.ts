/** rs-ingest and rs-fem taking dissemination acknowledgements, as strict as both are and as silent. */
import type { ConsumeMessage } from "amqplib";
import type { Bus } from "./bus";
import type { Disseminations } from "./disseminations";
import type { Acknowledgement, Drop, Events } from "./happenings";
import { Dropped, dropOf, read, text } from "./intake";
import { type AcknowledgedService, exchangeOf } from "./wire";

/** What both services need around them. */
export interface AcknowledgementSurroundings {
  readonly tenants: readonly string[];
  readonly events: Events;
  readonly disseminations: Disseminations;
}

/** UniformResourceName.URN_PATTERN: what cannot be read as a URN fails the whole batch it came in. */
const URN_SHAPE = /^URN:[^:]+:[^:]+:[^:]+:[^:]+:(V\d{1,3}|LAST)(,\d+)?(:REV.+)?$/;

const EVENT = { ingest: "ingestAcknowledgement", fem: "femAcknowledgement" } as const;

/** The two services' acknowledgement handlers and what they took or threw away. */
export class Acknowledgements {
  readonly accepted: Acknowledgement[] = [];
  readonly dropped: Drop[] = [];
  readonly #around: AcknowledgementSurroundings;

  constructor(around: AcknowledgementSurroundings) {
    this.#around = around;
  }

  /** Listens on both services' exchanges. */
  async open(bus: Bus, prefix: string): Promise<void> {
    for (const service of ["ingest", "fem"] as const) {
      await bus.listen(exchangeOf(prefix, EVENT[service]), (message) => this.#take(service, message));
    }
  }

  #take(service: AcknowledgedService, message: ConsumeMessage): void {
    try {
      const acknowledgement = this.#read(service, message);
      this.accepted.push(acknowledgement);
      this.#around.events.emit("acknowledged", acknowledgement);
    } catch (error) {
      if (!(error instanceof Dropped)) throw error;
      const drop = dropOf(EVENT[service], error);
      this.dropped.push(drop);
      this.#around.events.emit("acknowledgementDropped", drop);
    }
  }

  #read(service: AcknowledgedService, message: ConsumeMessage): Acknowledgement {
    // Neither handler overrides getMType(): the class must come with the message.
    const incoming = read(EVENT[service], message, this.#around.tenants, { needsType: true });
    const urn = text(incoming.body.urn);
    if (urn === undefined || !URN_SHAPE.test(urn)) throw new Dropped("poison", `urn ${incoming.body.urn}`);
    const recipientLabel = text(incoming.body.recipientLabel);
    if (recipientLabel === undefined) throw new Dropped("poison", "no recipientLabel");
    const seen = { tenant: incoming.tenant, service, urn, recipientLabel };
    const { headers: _, ...properties } = message.properties;
    return {
      ...seen,
      awaited: this.#around.disseminations.settle(seen),
      exchange: message.fields.exchange,
      routingKey: message.fields.routingKey,
      headers: incoming.headers,
      properties,
      body: incoming.text,
    };
  }
}
