/** Receives the progress of worker requests (rs-worker-manager), one output a status. */
import type { NodeAPI } from "node-red";
import { registerInNode } from "../src/nodes/in-node";
import { worker } from "../src/regards/services";

export default function register(RED: NodeAPI): void {
  registerInNode(RED, "regards-worker-in", worker);
}
