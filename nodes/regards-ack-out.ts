/** Publishes dissemination acknowledgements to rs-ingest and rs-fem, and says what became of each. */
import type { NodeAPI } from "node-red";
import { registerOutNode } from "../src/nodes/out-node";
import { acknowledgement } from "../src/regards/requests";

export default function register(RED: NodeAPI): void {
  registerOutNode(RED, "regards-ack-out", acknowledgement);
}
