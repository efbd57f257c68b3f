/**
 * "Try it without REGARDS": the button on an in-node sends a sample event through the real decoding and out of
 * the output of its status. It never came from a queue, so it is neither filtered, nor counted, nor settled.
 */
import type { Node, NodeAPI } from "node-red";
import { eventMessage } from "../consume/message";
import type { ConsumerHost } from "../consume/parts";
import { decode } from "../regards/decode";
import { sampleEvent } from "../regards/samples";
import { outputNames, type Service } from "../regards/services";
import type { RegardsSystem } from "../regards/system";

/** What a running in-node needs to send samples. */
export interface SampleSource {
  readonly host: ConsumerHost;
  system: RegardsSystem | undefined;
  /** The queue it reads and the exchange of its events, once its settings are known. */
  queue: string;
  exchange: string;
}

/** Every in-node that runs, by its Node-RED node. */
const sources = new WeakMap<Node, SampleSource>();

/** Lets a node send samples for as long as it runs. */
export function offerSamples(node: Node, source: SampleSource): SampleSource {
  sources.set(node, source);
  return source;
}

/** Answers `POST <type>/:id/sample` with `{ wired }`, for whoever may change flows. */
export function registerSampleRoute(RED: NodeAPI, type: string, service: Service): void {
  RED.httpAdmin.post(
    `/${type}/:id/sample`,
    RED.auth.needsPermission(`${type}.write`),
    (request, response) => {
      const node = RED.nodes.getNode(String(request.params.id));
      const source = node?.type === type ? sources.get(node) : undefined;
      if (source === undefined) {
        response.sendStatus(404);
        return;
      }
      const wired = sendSample(service, source, String(request.body?.sample));
      if (wired === undefined) {
        response.sendStatus(400);
      } else {
        response.json({ wired });
      }
    },
  );
}

/** Says whether anything is wired to its output; undefined where there is no such sample. */
function sendSample(
  service: Service,
  { host, system, queue, exchange }: SampleSource,
  name: string,
): boolean | undefined {
  const { tenant = "project1", address } = system ?? {};
  const event = sampleEvent(service, name, tenant);
  if (event === undefined) {
    return undefined;
  }
  const { headers, correlationId } = event;
  const decoded = decode(service, event, address);
  const output = decoded.recognised ? decoded.output : outputNames(service).length;
  const properties = {
    contentType: "application/json",
    contentEncoding: "UTF-8",
    deliveryMode: 2,
    priority: 1,
    ...(correlationId === undefined ? {} : { correlationId }),
    timestamp: Math.floor(Date.now() / 1_000),
    appId: "REGARDS",
  };
  const messageId = host.newMessageId();
  const receivedAt = new Date().toISOString();
  const message = eventMessage(
    decoded,
    { headers, properties, exchange, redelivered: false },
    {
      messageId,
      receivedAt,
      service: service.name,
      queue,
      attempt: 1,
      deliveryId: `sample.${messageId}`,
    },
  );
  host.send(output, { ...message, regards: { ...message.regards, sample: true } });
  return host.leadsTo(output) !== "nowhere";
}
