/**
 * The summary of the demo: what should have happened, and what was seen of it, outside the nodes where
 * possible.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { allShown, property } from "../examples/debug-sidebar";
import { Example } from "../examples/example";
import type { AcknowledgedService } from "../simulator/wire";
import { PIXEL } from "../simulator/worker-types";
import { savedFiles } from "./downloads";
import type { Ledger } from "./ledger";
import { wasToldToFail, watchedFacts } from "./watched";
import type { World } from "./world";

/** One line of the summary. */
export interface Fact {
  readonly what: string;
  readonly expected: string;
  readonly seen: string;
  readonly ok: boolean;
}

/** What the story of one round is made of. */
export interface Plan {
  readonly orders: number;
  readonly subOrders: number;
  readonly files: number;
  /** Events of orders that the flow of *Start here* works on. */
  readonly ofThePage: number;
}

/** Looks at everything now. */
export async function lookAtFacts(world: World, ledger: Ledger, plan: Plan): Promise<readonly Fact[]> {
  return [
    ...(await orderFacts(world, ledger, plan)),
    ...submissionFacts(world, ledger),
    ...(await workerFacts(world)),
    ...acknowledgementFacts(world),
    ...askedFacts(world),
    ...(await watchedFacts(world, plan.ofThePage)),
    is(
      "error lines in Node-RED's log, beside those asked for",
      0,
      world.nodeRed.errors().filter((entry) => !wasToldToFail(entry)).length,
    ),
  ];
}

async function orderFacts(world: World, ledger: Ledger, plan: Plan): Promise<readonly Fact[]> {
  const { regards, downloads, nodeRed, flows } = world;
  const saved = await savedFiles(downloads);
  const prepared = [...ledger.prepared].flatMap(([id, files]) => files.map((file) => `${id}/${file}`));
  const names = saved.map(({ orderId, name }) => `${orderId}/${name}`);
  const complete = saved.length === plan.files && prepared.sort().join() === names.sort().join();
  const told = flows
    .ofType("debug")
    .filter((node) => node.name === "saved")
    .flatMap(({ id }) => allShown(nodeRed, id))
    .flatMap((shown) => shown as unknown[]);
  return [
    is("orders granted", plan.orders, ledger.granted),
    is("sub-orders ready to download", plan.subOrders, ledger.subOrdersReady),
    is(
      "files fetched, by REGARDS' count",
      plan.files,
      regards.transfers.filter((each) => each.isWhole).length,
    ),
    is("files the flow was told of", plan.files, told.length),
    fact("files saved under their names, each exactly once", plan.files, saved.length, complete),
    is("logins for all of them", 1, regards.tokensIssued),
    is("HEAD requests", 0, regards.heads),
  ];
}

function submissionFacts({ nodeRed, flows }: World, ledger: Ledger): readonly Fact[] {
  const answers = allShown(nodeRed, flows.id("debug", "answers")).map((shown) => property(shown, "status"));
  const reasons = allShown(nodeRed, flows.id("debug", "not archived")).map(String);
  const isArchived = ledger.archived === 2 && answers.includes("SUCCESS");
  const isRefused = ledger.refusedSubmissions === 1 && reasons[0]?.startsWith("DENIED") === true;
  return [
    fact("a product submitted and archived", "SUCCESS", answers.join(", ") || "nothing", isArchived),
    fact("a product refused, and why", "DENIED", reasons[0] ?? "nothing", isRefused),
  ];
}

/** `{"hello":"worker"}`, byte for byte. */
const REQUEST_BYTES = 18;

async function workerFacts({ nodeRed, flows, downloads }: World): Promise<readonly Fact[]> {
  const [result] = allShown(nodeRed, flows.id("debug", "JSON"));
  const images = (await readdir(downloads)).filter((name) => name.startsWith("result_"));
  const [image] = images;
  const isWhole = image !== undefined && (await readFile(join(downloads, image))).equals(PIXEL);
  return [
    is("bytes a worker counted, shown as JSON", REQUEST_BYTES, Number(property(result, "bytes"))),
    fact("a worker's image, saved byte for byte", 1, images.length, images.length === 1 && isWhole),
  ];
}

function acknowledgementFacts({ nodeRed, flows, regards }: World): readonly Fact[] {
  const { accepted, dropped } = regards.acknowledgements;
  const awaited = (service: AcknowledgedService): number =>
    accepted.filter((acknowledgement) => acknowledgement.service === service && acknowledgement.awaited)
      .length;
  return [
    is(
      "acknowledgements published and confirmed",
      2,
      allShown(nodeRed, flows.id("debug", "published")).length,
    ),
    is("acknowledgements accepted by rs-ingest", 1, awaited("ingest")),
    is("acknowledgements accepted by rs-fem", 1, awaited("fem")),
    is("acknowledgements REGARDS dropped", 0, dropped.length),
  ];
}

/** What came of the requests that flows made themselves. */
function askedFacts({ nodeRed, regards }: World): readonly Fact[] {
  const last = (example: string, field: string): string =>
    String(
      property(allShown(nodeRed, Example.read(example).id("debug", "answer")).at(-1), field) ?? "nothing",
    );
  return [
    is("an order a flow made", "DONE", last("08 - Order and download", "status")),
    is("a submission a flow made", "SUCCESS", last("07 - Submit a product", "responseStatus")),
    is("a worker a flow asked", "SUCCESS", last("06 - Ask a worker", "state")),
    is("requests REGARDS dropped", 0, regards.droppedRequests.length),
  ];
}

function is(what: string, expected: string | number, seen: string | number): Fact {
  return fact(what, expected, seen, expected === seen);
}

function fact(what: string, expected: string | number, seen: string | number, ok: boolean): Fact {
  return { what, expected: String(expected), seen: String(seen), ok };
}
