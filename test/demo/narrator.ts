/**
 * Tells the demo's events in plain words, as they happen: what REGARDS did, and what the flows made of it.
 */
import { nextShown, property } from "../examples/debug-sidebar";
import { isOwn } from "./ledger";
import type { World } from "./world";

/** Takes one line of the story. */
export type Say = (line: string) => void;

const FOR_EVER = 2 ** 31 - 1;

/** Starts to tell; ends by itself when Node-RED is gone. */
export function narrate(world: World, say: Say): void {
  narrateRegards(world, say);
  narrateFlows(world, say);
}

function narrateRegards({ regards: { events } }: World, say: Say): void {
  events.on("orderGranted", (order) => isOwn(order) && say(`REGARDS   order ${order.orderId} is granted`));
  events.on("subOrderReady", (order) => {
    if (!isOwn(order)) return;
    const part = `sub-order ${order.subOrderId}, one of ${order.totalSubOrders},`;
    say(`REGARDS   order ${order.orderId}: ${part} is ready: ${order.files.join(", ")}`);
  });
  events.on("downloaded", (order) => {
    const files = order.files.join(", ") || "a file to somebody who went away";
    if (isOwn(order)) say(`REGARDS   order ${order.orderId}: handed out ${files}`);
  });
  events.on("orderDone", (order) => isOwn(order) && say(`REGARDS   order ${order.orderId} is done`));
  events.on("orderFailed", (order) => {
    const rest = order.downloadable ? "the others can" : "there is nothing to fetch";
    if (isOwn(order))
      say(`REGARDS   order ${order.orderId} failed: ${counted(order.errors)} could not be had, ${rest}`);
  });
  events.on("submissionArchived", (submission) => {
    if (isOwn(submission)) say(`REGARDS   product ${submission.productId} is archived`);
  });
  events.on("acknowledged", ({ service, urn }) =>
    say(`REGARDS   rs-${service} takes the acknowledgement of ${urn}`),
  );
  events.on("acknowledgementDropped", ({ reason }) =>
    say(`REGARDS   an acknowledgement was dropped: ${reason}`),
  );
  events.on("trouble", (error) => say(`REGARDS   ${error.message}`));
}

function narrateFlows(world: World, say: Say): void {
  const { nodeRed, flows } = world;
  const follow = (debugName: string, tell: (shown: unknown) => string | Promise<string>): void => {
    const node = flows.id("debug", debugName);
    const go = async (): Promise<void> => {
      for (;;) say(`Node-RED  ${await tell(await nextShown(nodeRed, node, { timeout: FOR_EVER }))}`);
    };
    // Node-RED ending is how it ends; whoever needs Node-RED meets that elsewhere.
    go().catch(() => undefined);
  };
  follow("handled", (shown) => {
    const [status, of, attempt] = ["status", "correlationId", "attempt"].map((name) => property(shown, name));
    return `the flow of Start here has handled ${status} of ${of}, attempt ${attempt}`;
  });
  follow("sent back", (shown) => `${property(shown, "sent")} given-up event is on its way back`);
  follow("done", String);
  follow("saved", (shown) => `saved ${(shown as { path: string }[]).map(({ path }) => path).join(", ")}`);
  follow("nothing left", (shown) => `order ${property(shown, "orderId")}: nothing left to fetch`);
  follow("what went wrong", (shown) => `a download went wrong and is tried again: ${shown}`);
  follow("answers", (shown) => `product ${property(shown, "product")}: ${property(shown, "status")}`);
  follow("not archived", (shown) => String(shown).replace(/\s+/g, " ").trim());
  follow("JSON", (shown) => `a worker's result: ${JSON.stringify(shown)}`);
  follow("text", (shown) => `a worker's result: ${shown}`);
  follow("file", (shown) => `a worker's result, saved as ${shown}`);
  follow("no result", (shown) => `a worker has no result: ${shown}`);
  follow("published", (shown) => `acknowledgement published: ${property(shown, "urns")}`);
  follow("refused", (shown) => `acknowledgement refused: ${property(shown, "message")}`);
}

function counted(files: number): string {
  return files === 1 ? "1 file" : `${files} files`;
}
