/** Receives the products that REGARDS disseminates (rs-ingest, rs-fem), one output for each kind of change. */
import type { NodeAPI } from "node-red";
import { registerInNode } from "../src/nodes/in-node";
import { dissemination } from "../src/regards/services";

export default function register(RED: NodeAPI): void {
  registerInNode(RED, "regards-dissemination-in", dissemination);
}
