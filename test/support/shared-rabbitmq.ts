/** One broker for the whole mocha run, and for each test that asks a vhost of its own on it. */
import { randomUUID } from "node:crypto";
import { amqpUrl, type RabbitMq, type RabbitMqAddress, startRabbitMq } from "./rabbitmq";

const START_LIMIT = 180_000;
const STOP_LIMIT = 30_000;

let shared: Promise<RabbitMq> | undefined;

/** The broker all tests share. Tests that kill, freeze or configure a broker start one of their own. */
export function sharedRabbitMq(): Promise<RabbitMq> {
  shared ??= startRabbitMq();
  return shared;
}

// At the root of the suite, whichever spec loads this module first. Starting takes longer than a test may,
// and a broker that does not start is for the tests that need it to complain about.
before("start the shared RabbitMQ", async function () {
  this.timeout(START_LIMIT);
  await sharedRabbitMq().catch(() => undefined);
});

after("stop the shared RabbitMQ", async function () {
  this.timeout(STOP_LIMIT);
  const broker = await shared?.catch(() => undefined);
  shared = undefined;
  await broker?.stop();
});

/** A vhost and its user, unknown to every other test. */
export interface FreshVhost extends RabbitMqAddress {
  readonly broker: RabbitMq;
  /** Removes both; connections on the vhost are closed by the broker. */
  drop(): Promise<void>;
}

/**
 * Makes a vhost whose user may do everything on it. On somebody else's broker it is the one vhost given to
 * us.
 */
export async function freshVhost(): Promise<FreshVhost> {
  const broker = await sharedRabbitMq();
  if (!broker.isPrivate) {
    const { host, port, user, password, vhost, url } = broker;
    return { host, port, user, password, vhost, url, broker, drop: () => Promise.resolve() };
  }
  const name = `test-${randomUUID().slice(0, 8)}`;
  const address = {
    host: broker.host,
    port: broker.port,
    user: name,
    password: `${name}-secret`,
    vhost: name,
  };
  await broker.console.addVhost(name);
  await broker.console.addUser(name, address.password);
  await broker.console.setPermissions(name, name);
  return {
    ...address,
    url: amqpUrl(address),
    broker,
    drop: async () => {
      await broker.console.deleteVhost(name);
      await broker.console.deleteUser(name);
    },
  };
}

/** Skips the calling suite or test where the broker is not ours to look into. */
export function needsPrivateBroker(context: Mocha.Context): void {
  if (process.env.REGARDS_AMQP_URL) context.skip();
}
