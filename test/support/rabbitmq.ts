/**
 * The one place RabbitMQ comes from, for tests and demo alike: REGARDS_AMQP_URL if it is set, else a private
 * broker that lives on free loopback ports and in a temporary directory, and leaves nothing behind.
 */
import type { BrokerConsole } from "./broker-console";
import { MULTITENANT_VHOST } from "./broker-console";
import { PrivateBroker } from "./private-broker";
import { type RabbitMqVersion, rabbitMqServer, wantedVersion } from "./rabbitmq-server";

export { BrokerConsole, MULTITENANT_VHOST } from "./broker-console";

/** How to start it. */
export interface RabbitMqOptions {
  /** REGARDS_RABBITMQ by default, else what the machine has. */
  readonly version?: RabbitMqVersion;
  /** Its AMQP port; a free one by default. */
  readonly port?: number;
  /** More lines for rabbitmq.conf. */
  readonly config?: string;
  /** Also listens for TLS, with a certificate for `localhost` made on the spot. */
  readonly tls?: boolean;
  /** Told in plain words when something takes long. */
  readonly say?: (line: string) => void;
}

/** What a client needs to get in. */
export interface RabbitMqAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
  readonly url: string;
}

/** A running broker. All but its address, `isPrivate` and `stop` throws when it is somebody else's. */
export interface RabbitMq extends RabbitMqAddress {
  readonly isPrivate: boolean;
  /** As in 3.10 or 4.0. */
  readonly version: string;
  readonly tlsPort: number | undefined;
  readonly certificates: Certificates | undefined;
  readonly console: BrokerConsole;
  /** Of its processes while it runs; where one can be told. */
  readonly processGroup?: number | undefined;
  /** Ends it for good and removes its data. */
  stop(): Promise<void>;
  /** Kills it as a power cut would. */
  kill(): Promise<void>;
  /** Ends it as an administrator would: clients are told. */
  shutdown(): Promise<void>;
  /** Starts it again after kill or shutdown, on the same ports and data. */
  start(): Promise<void>;
  /** Halts it without closing anything, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Everything it has logged. */
  log(): Promise<string>;
}

/**
 * PEM files: whom to trust, and a client certificate with its key, which lets `clientUser` in without
 * password.
 */
export interface Certificates {
  readonly clientUser: string;
  readonly ca: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
}

/** The address in one line, with everything in it escaped. */
export function amqpUrl({ host, port, user, password, vhost }: Omit<RabbitMqAddress, "url">): string {
  const part = encodeURIComponent;
  return `amqp://${part(user)}:${part(password)}@${host}:${port}/${part(vhost)}`;
}

class ForeignBroker implements RabbitMq {
  readonly isPrivate = false;
  readonly version = "of REGARDS_AMQP_URL";
  readonly tlsPort = undefined;
  readonly certificates = undefined;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
  readonly url: string;

  constructor(given: string) {
    const url = new URL(given);
    const vhost = decodeURIComponent(url.pathname.slice(1));
    this.host = url.hostname;
    this.port = Number(url.port || 5672);
    this.user = decodeURIComponent(url.username || "guest");
    this.password = decodeURIComponent(url.password || "guest");
    this.vhost = vhost === "" ? MULTITENANT_VHOST : vhost;
    this.url = amqpUrl(this);
  }

  get console(): BrokerConsole {
    throw this.#notOurs();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
  kill(): Promise<void> {
    return Promise.reject(this.#notOurs());
  }
  shutdown(): Promise<void> {
    return Promise.reject(this.#notOurs());
  }
  start(): Promise<void> {
    return Promise.reject(this.#notOurs());
  }
  freeze(): void {
    throw this.#notOurs();
  }
  thaw(): void {
    throw this.#notOurs();
  }
  log(): Promise<string> {
    return Promise.reject(this.#notOurs());
  }

  #notOurs(): Error {
    return new Error("this needs a broker of our own: unset REGARDS_AMQP_URL");
  }
}

/** A broker that accepts connections. Whoever starts it stops it. */
export async function startRabbitMq(options: RabbitMqOptions = {}): Promise<RabbitMq> {
  const url = process.env.REGARDS_AMQP_URL;
  if (url) return new ForeignBroker(url);
  const say = options.say ?? ((line: string) => console.error(line));
  const server = await rabbitMqServer(say, options.version ?? wantedVersion());
  return PrivateBroker.launch(server, options);
}
