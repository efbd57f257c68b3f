/**
 * Worker requests, as rs-worker-manager accepts them. Enters: what a flow asks for. Leaves: one publication, or a
 * refusal. REGARDS drops a request without an id or a JSON object in silence, skips one without the other headers,
 * and sends a whole batch, other people's included, to its dead-letter queue over a header that is too long.
 */
import type { Body } from "./event";
import type { Asked, Publication } from "./publication";
import { readable, requestBody, requestCorrelationId, requestTenant, requestText } from "./request-fields";
import { broadcastExchange } from "./services";
import type { RegardsSystem } from "./system";

/** Java class of the request. */
export const EVENT_CLASS = "fr.cnes.regards.modules.workermanager.amqp.events.in.RequestEvent";

/** @throws RequestError when REGARDS would not answer it */
export function workerRequest(asked: Asked, system: RegardsSystem): Publication[] {
  const { values, payload } = asked;
  const tenant = requestTenant(system);
  const correlationId = requestCorrelationId(asked);
  return [
    {
      key: correlationId,
      service: "worker",
      tenant,
      exchange: broadcastExchange(system.namespace, EVENT_CLASS),
      content: requestBody(payload, "msg.payload"),
      properties: {
        contentType: "application/json",
        contentEncoding: "UTF-8",
        priority: 1,
        appId: system.appId,
        // REGARDS answers by the header; this one is what its log shows of a request it could not read.
        correlationId,
        headers: {
          "regards.tenant": tenant,
          "regards.request.id": correlationId,
          "regards.request.owner": requestText(values.owner, "owner"),
          "regards.request.session": requestText(values.session, "session"),
          "regards.request.content_type": requestText(values.contentType, "contentType"),
        },
      },
    },
  ];
}

/** What worker requests add to `msg.regards`, refused ones too, as far as they can be read. */
export function workerRequestDetails(asked: Asked): Body {
  const { owner, session, contentType } = asked.values;
  return {
    correlationId: readable(() => requestCorrelationId(asked)),
    owner: readable(() => requestText(owner, "owner")),
    session: readable(() => requestText(session, "session")),
    contentType: readable(() => requestText(contentType, "contentType")),
  };
}
