/** Submits products to REGARDS (rs-lta-manager), and says what became of each submission. */
import type { NodeAPI } from "node-red";
import { registerOutNode } from "../src/nodes/out-node";
import { submissionRequests } from "../src/regards/requests";

export default function register(RED: NodeAPI): void {
  registerOutNode(RED, "regards-submission-out", submissionRequests);
}
