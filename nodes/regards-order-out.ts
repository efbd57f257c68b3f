/** Orders products from REGARDS (rs-order) or cancels orders, and says what became of each request. */
import type { NodeAPI } from "node-red";
import { registerOutNode } from "../src/nodes/out-node";
import { orderRequests } from "../src/regards/requests";

export default function register(RED: NodeAPI): void {
  registerOutNode(RED, "regards-order-out", orderRequests);
}
