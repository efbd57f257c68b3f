/**
 * Two questions that a machine may ask without a flow: are all nodes well, and what have they counted? Enters: requests
 * of somebody with the permission `regards.read`. Leaves: states, names and figures; no host, no user, no word of
 * an event.
 */
import type { NodeAPI } from "node-red";
import { METRICS_TYPE, metricsText } from "./metrics";
import { tellingOf } from "./telling";

/** Answers `GET regards/health`, 503 while a node is not well, and `GET regards/metrics`; once for each Node-RED. */
export function registerHealthRoutes(RED: NodeAPI): void {
  const mayRead = RED.auth.needsPermission("regards.read");
  RED.httpAdmin.get("/regards/health", mayRead, (_request, response) => {
    const nodes = tellingOf(RED).all.map(({ id, type, name, state, isHealthy, uses, counters }) => {
      return {
        id,
        type,
        name,
        ...(uses === undefined ? {} : { broker: uses }),
        state,
        healthy: isHealthy,
        counters,
      };
    });
    const healthy = nodes.every((node) => node.healthy);
    response
      .status(healthy ? 200 : 503)
      .set("cache-control", "no-store")
      .json({ healthy, nodes });
  });
  RED.httpAdmin.get("/regards/metrics", mayRead, (_request, response) => {
    response
      .set("cache-control", "no-store")
      .type(METRICS_TYPE)
      .send(metricsText(tellingOf(RED).all));
  });
}
