/**
 * Order responses (rs-order, OrderResponseDtoEvent): the payload a flow receives and the address to
 * download from. The same link serves every event of an order, and partial failures carry one too, so
 * the link decides whether there is something to download, never the status.
 */
import { type Body, text } from "./event";

const DOWNLOAD_PATH = "/api/v1/rs-order/user/orders/";

/** The body with `errorType` filled: the wire says `errorType` since 1.14, its documentation `errorCode`. */
export function orderPayload(body: Body): Body {
  const errorType = body.errorType ?? body.errorCode;
  return errorType === undefined || errorType === null ? body : { ...body, errorType };
}

/**
 * Where to download what an event announces.
 * @param address the web side of REGARDS as the user named it (`https://host[/prefix]`), or undefined
 * @returns the absolute URL; `null` when something is announced but no usable URL can be made of it (the
 *   project's host may be unset, without a scheme, or hostile); `undefined` when nothing is announced
 */
export function downloadUrl(body: Body, address: string | undefined): string | null | undefined {
  const link = text(body.downloadLink);
  if (link === undefined) {
    return undefined;
  }
  if (address === undefined) {
    return isWebAddress(link) ? link : null;
  }
  const orderId = orderIdOf(body.orderId);
  return orderId === undefined ? null : `${address}${DOWNLOAD_PATH}${orderId}/download`;
}

/** True for an absolute http(s) URL that carries no credentials of its own. */
export function isWebAddress(candidate: string): boolean {
  if (!/^https?:\/\/[^\s\\]+$/i.test(candidate) || !URL.canParse(candidate)) {
    return false;
  }
  // Without the sign there are none; parsing the address of every event would cost more than the rest of it.
  if (!candidate.includes("@")) {
    return true;
  }
  const { username, password } = new URL(candidate);
  return username === "" && password === "";
}

/** An order id is a database number; anything else must not become part of a path. */
function orderIdOf(value: unknown): string | undefined {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && value >= 0 ? String(value) : undefined;
  }
  return typeof value === "string" && /^\d{1,19}$/.test(value) ? value : undefined;
}
