/**
 * One HTTP request at a time, on a connection of its own that is gone when the answer is: nothing is pooled, so that
 * a node that is closed leaves nothing behind. Enters: where and what to ask, TLS options, a proxy. Leaves: a status,
 * headers, and a body that stalls, is cut or goes on in words of `troubles`. It knows nothing of REGARDS, and follows
 * no redirect.
 */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { isIP, type Socket, connect as tcpConnect } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions as TlsOptions, connect as tlsConnect } from "node:tls";
import { giveBack } from "./give-back";
import { troubleOfConnection, WebTrouble } from "./troubles";

/** A proxy between here and everything, or a part of it. */
export interface HttpProxy {
  readonly url: URL;
  readonly user?: string;
  readonly password?: string;
}

/** How to reach anything. */
export interface HttpOptions {
  readonly tls?: TlsOptions;
  readonly proxyOf?: (url: URL) => HttpProxy | undefined;
  /** No byte for so many milliseconds is a stall; there is no limit to the whole. */
  readonly stall?: number;
}

/** What to ask. */
export interface Question {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Whether the address is the configured one: client certificates are for no other. */
  readonly isOurs: boolean;
}

/** An answer whose body has not been read. */
export interface Answer {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body as it comes, once. Ends with a `WebTrouble` when it stalls or is cut. */
  chunks(): AsyncGenerator<Buffer, void, undefined>;
  /** Reads no further, and ends the connection. */
  discard(): void;
}

/** The gateway itself waits for a minute, and says so then. */
const STALL_MS = 60_000;
const HEADERS_GRACE_MS = 15_000;
/** A hostile server may send no more headers than this. */
const MAX_HEADER_BYTES = 32 * 1024;

export class Http {
  readonly #options: HttpOptions;
  readonly #stall: number;

  constructor(options: HttpOptions = {}) {
    this.#options = options;
    this.#stall = options.stall ?? STALL_MS;
  }

  /** Asks, and resolves with the head of the answer. */
  async ask(question: Question): Promise<Answer> {
    const { url, signal } = question;
    signal.throwIfAborted();
    const proxy = this.#options.proxyOf?.(url);
    const isTls = url.protocol === "https:";
    try {
      const socket =
        proxy === undefined
          ? tcpConnect({ host: hostOf(url), port: portOf(url) })
          : await this.#throughProxy(proxy, url, isTls, signal);
      const stream = isTls ? this.#secured(socket, url, question.isOurs) : socket;
      const message = await this.#exchange(question, stream, isTls ? undefined : proxy);
      return this.#answerOf(url, message, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw troubleOfConnection(error);
    }
  }

  #secured(socket: Duplex, url: URL, isOurs: boolean): Socket {
    const { tls = {} } = this.#options;
    const { ca, rejectUnauthorized } = tls;
    const host = hostOf(url);
    const common = { ...(isIP(host) ? {} : { servername: host }), ALPNProtocols: ["http/1.1"] };
    const elsewhere = {
      ...(ca === undefined ? {} : { ca }),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    };
    // A server name left blank in the TLS settings is no wish for none.
    const { servername, ...ours } = tls;
    const named = servername ? { servername } : {};
    const secured = tlsConnect({ ...common, ...(isOurs ? { ...ours, ...named } : elsewhere), socket, host });
    socket.on("error", (error) => secured.destroy(error));
    return secured;
  }

  /** A connection to the proxy, or through it where the rest of the way is encrypted. */
  async #throughProxy(proxy: HttpProxy, url: URL, isTunnel: boolean, signal: AbortSignal): Promise<Duplex> {
    const toProxy = tcpConnect({ host: hostOf(proxy.url), port: portOf(proxy.url) });
    const way: Duplex =
      proxy.url.protocol === "https:"
        ? tlsConnect({ socket: toProxy, host: hostOf(proxy.url), servername: hostOf(proxy.url) })
        : toProxy;
    if (!isTunnel) {
      return way;
    }
    const target = `${url.hostname}:${portOf(url)}`;
    const connect = httpRequest({
      method: "CONNECT",
      path: target,
      headers: { Host: target, ...authorizationOf(proxy) },
      createConnection: () => way,
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    return await new Promise((resolve, reject) => {
      const stop = (error: unknown): void => {
        connect.destroy();
        way.destroy();
        reject(error);
      };
      const end = onceStopped(signal, this.#stall, stop);
      connect.once("connect", ({ statusCode = 0 }: IncomingMessage, socket: Duplex) => {
        end();
        if (statusCode === 200) {
          resolve(socket);
        } else {
          socket.destroy();
          reject(new WebTrouble("proxy", { status: statusCode }));
        }
      });
      connect.once("error", ({ code = "?" }: NodeJS.ErrnoException) => {
        end();
        reject(new WebTrouble("proxy", { status: code }));
      });
      connect.end();
    });
  }

  #exchange(question: Question, stream: Duplex, proxy: HttpProxy | undefined): Promise<IncomingMessage> {
    const { url, method, headers = {}, body, signal } = question;
    const asked = httpRequest({
      method,
      // A proxy for http is told the whole address.
      path: proxy === undefined ? `${url.pathname}${url.search}` : url.href,
      headers: {
        Host: url.host,
        "Accept-Encoding": "identity",
        Connection: "close",
        ...(proxy === undefined ? {} : authorizationOf(proxy)),
        ...headers,
        ...(body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) }),
      },
      createConnection: () => stream,
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    return new Promise((resolve, reject) => {
      const stop = (error: unknown): void => {
        asked.destroy();
        stream.destroy();
        reject(error);
      };
      const end = onceStopped(signal, this.#stall + HEADERS_GRACE_MS, stop);
      asked.once("response", (message) => {
        end();
        // Node.js has copied out of it what belongs to the answer, a listener earlier.
        stream.on("data", giveBack);
        resolve(message);
      });
      // It stays: what comes after the answer's head is the body's affair.
      asked.on("error", (error) => {
        end();
        reject(error);
      });
      asked.end(body);
    });
  }

  #answerOf(url: URL, message: IncomingMessage, signal: AbortSignal): Answer {
    const stop = (): void => {
      message.destroy();
    };
    signal.addEventListener("abort", stop, { once: true });
    // An error while nobody reads is told to who reads next.
    message.on("error", () => undefined);
    message.once("close", () => signal.removeEventListener("abort", stop));
    return {
      url,
      status: message.statusCode ?? 0,
      headers: message.headers,
      chunks: () => chunksOf(message, signal, this.#stall),
      discard: stop,
    };
  }
}

/** The chunks of a body; a stall counts only while somebody waits for one. */
async function* chunksOf(
  message: IncomingMessage,
  signal: AbortSignal,
  stall: number,
): AsyncGenerator<Buffer, void, undefined> {
  let isWaiting = true;
  let hasStalled = false;
  const timer = setTimeout(() => {
    if (isWaiting) {
      hasStalled = true;
      message.destroy();
    } else {
      timer.refresh();
    }
  }, stall);
  try {
    for await (const chunk of message) {
      isWaiting = false;
      yield chunk;
      isWaiting = true;
      timer.refresh();
    }
  } catch {
    signal.throwIfAborted();
    throw new WebTrouble(hasStalled ? "stalled" : "cut");
  } finally {
    clearTimeout(timer);
    message.destroy();
  }
  signal.throwIfAborted();
  if (hasStalled || !message.complete) {
    throw new WebTrouble(hasStalled ? "stalled" : "cut");
  }
}

/** Calls `stop` once on abort or when the time is over; returns how to prevent both. */
function onceStopped(signal: AbortSignal, milliseconds: number, stop: (error: unknown) => void): () => void {
  const abort = (): void => {
    clearTimeout(timer);
    stop(signal.reason);
  };
  const timer = setTimeout(() => {
    signal.removeEventListener("abort", abort);
    stop(new WebTrouble("unreachable", { code: "ETIMEDOUT" }));
  }, milliseconds);
  signal.addEventListener("abort", abort, { once: true });
  return () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  };
}

function authorizationOf({ user = "", password = "" }: HttpProxy): Record<string, string> {
  return user === "" && password === ""
    ? {}
    : { "Proxy-Authorization": `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

/** IPv6 without its brackets. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

function portOf({ port, protocol }: URL): number {
  return Number(port) || (protocol === "https:" ? 443 : 80);
}
