/**
 * What a message asks a download node for. Enters: a message, and where the dialog says its values are. Leaves: an
 * order, a product, or nothing to fetch; and the key under which the same event is known when it comes again. What
 * comes from outside never becomes a part of a path or an address as it is.
 */
import { resolve } from "node:path";
import type { Node, NodeAPI, NodeMessageInFlow } from "node-red";
import { safeName } from "../web/names";
import type { Product } from "../web/product-download";
import type { DownloadSettings, TypedValue } from "./download-settings";

/** What is asked for. */
export type Wanted =
  | { readonly kind: "order"; readonly orderId: string }
  | { readonly kind: "product"; readonly product: Product }
  /** An event that announces no files, as GRANTED. */
  | { readonly kind: "nothing" };

export interface DownloadAsked {
  readonly wanted: Wanted;
  /** The folder of this order or product. */
  readonly folder: string;
  readonly event: string | undefined;
}

/** What tells it from everything else of its kind. */
export function nameOf(wanted: Wanted): string {
  switch (wanted.kind) {
    case "order":
      return wanted.orderId;
    case "product":
      return wanted.product.urn;
    case "nothing":
      return "";
  }
}

/** A message that cannot be understood: the key of a sentence. */
export class NotAskedError extends Error {
  readonly key: string;

  constructor(key: string) {
    super(key);
    this.name = "NotAskedError";
    this.key = key;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** @throws NotAskedError */
export async function downloadAskedBy(
  RED: NodeAPI,
  node: Node,
  settings: DownloadSettings,
  message: NodeMessageInFlow,
): Promise<DownloadAsked> {
  const regards = fieldsOf((message as { regards?: unknown }).regards);
  const folder = await evaluated(RED, node, settings.folder, message);
  if (typeof folder !== "string" || folder.trim() === "" || folder.includes("\0")) {
    throw new NotAskedError("bad-folder");
  }
  // As the core file nodes read it; it is missing from the published types.
  const { fileWorkingDirectory = "" } = RED.settings as { fileWorkingDirectory?: string };
  const base = resolve(fileWorkingDirectory, folder);
  if (regards.service === "dissemination") {
    const product = productOf(regards);
    return {
      wanted: { kind: "product", product },
      folder: resolve(base, safeName(product.urn)),
      event: textOf(regards.notificationId),
    };
  }
  const payload = fieldsOf(message.payload);
  if (regards.service === "order" && regards.downloadUrl === undefined) {
    return { wanted: { kind: "nothing" }, folder: base, event: undefined };
  }
  const orderId = orderIdOf(await evaluated(RED, node, settings.order, message));
  if (orderId === undefined) {
    throw new NotAskedError("no-order");
  }
  const { tenant, correlationId, status, queue } = regards;
  // The same event of two queues is two events: one of them is told, as of everything else.
  const event = JSON.stringify([queue, tenant, correlationId, status, orderId, payload.subOrderId]);
  return {
    wanted: { kind: "order", orderId },
    folder: resolve(base, orderId),
    event: regards.service === "order" ? event : undefined,
  };
}

/** A number of a database. */
function orderIdOf(value: unknown): string | undefined {
  const written = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
  return typeof written === "string" && /^\d{1,19}$/.test(written.trim()) ? written.trim() : undefined;
}

/** As dissemination-in tells of it; somebody may have changed it since. */
function productOf(regards: Fields): Product {
  const urn = textOf(regards.urn);
  if (urn === undefined || urn.length > 500 || !Array.isArray(regards.files)) {
    throw new NotAskedError("no-product");
  }
  const files = regards.files.map((each: unknown) => {
    const file = fieldsOf(each);
    return {
      name: textOf(file.name) ?? textOf(file.checksum) ?? "file",
      size: typeof file.size === "number" ? file.size : undefined,
      checksum: textOf(file.checksum),
      algorithm: textOf(file.algorithm),
      mimeType: textOf(file.mimeType),
    };
  });
  const { productId, version } = regards;
  return {
    ...{ urn, files, productId: textOf(productId) },
    version: typeof version === "number" ? version : undefined,
  };
}

function evaluated(RED: NodeAPI, node: Node, { value, type }: TypedValue, message: NodeMessageInFlow) {
  return new Promise<unknown>((done, fail) => {
    RED.util.evaluateNodeProperty(value, type, node, message, (error, result) => {
      if (error) {
        fail(error);
      } else {
        done(result);
      }
    });
  });
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
