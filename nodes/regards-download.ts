/** Fetches what an order or a disseminated product offers, to disk, and says what came of it. */
import type { NodeAPI } from "node-red";
import { registerDownloadNode } from "../src/nodes/download-node";

export default function register(RED: NodeAPI): void {
  registerDownloadNode(RED, "regards-download");
}
