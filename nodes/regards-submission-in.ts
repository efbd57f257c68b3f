/** Receives the progress of product submissions (rs-lta-manager), one output a status. */
import type { NodeAPI } from "node-red";
import { registerInNode } from "../src/nodes/in-node";
import { submission } from "../src/regards/services";

export default function register(RED: NodeAPI): void {
  registerInNode(RED, "regards-submission-in", submission);
}
