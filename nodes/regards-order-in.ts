/** Receives the progress of REGARDS orders, one output a status. */
import type { NodeAPI } from "node-red";
import { registerInNode } from "../src/nodes/in-node";
import { order } from "../src/regards/services";

export default function register(RED: NodeAPI): void {
  registerInNode(RED, "regards-order-in", order);
}
