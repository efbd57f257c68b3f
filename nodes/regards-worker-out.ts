/** Publishes requests to REGARDS' workers (rs-worker-manager), and says what became of each. */
import type { NodeAPI } from "node-red";
import { registerOutNode } from "../src/nodes/out-node";
import { workerRequests } from "../src/regards/requests";

export default function register(RED: NodeAPI): void {
  registerOutNode(RED, "regards-worker-out", workerRequests);
}
