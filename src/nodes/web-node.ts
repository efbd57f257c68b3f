/** What a `regards-web` node offers the others; undefined while it is wrongly configured. */
import type { Node, NodeAPI } from "node-red";
import type { Web } from "../web/web";
import { type ConfigKind, type ConfigUse, useConfigNode } from "./config-use";

/** The node's credentials, kept by Node-RED, never exported. */
export interface WebCredentials {
  user?: string;
  password?: string;
  client?: string;
  secret?: string;
}

/** The config node as the other nodes see it. */
export interface WebNode extends Node<WebCredentials> {
  web?: Web;
}

const WEB: ConfigKind<Web> = {
  linkOf: (node) => (node as WebNode).web,
  onClosing: (web, listener) => web.onClosing(listener),
};

/** Starts with the web node of that id whenever there is one, and closes with it. */
export function useWeb(RED: NodeAPI, node: Node, webId: string, start: (web: Web) => ConfigUse): void {
  useConfigNode(RED, node, webId, WEB, start);
}
