/**
 * What an operator sees and does on the broker, exact at the moment of asking and fast enough to be asked by
 * every test. Needs a broker of our own.
 */
import type { ErlangConsole } from "./erlang-console";

/** A queue as it is now. */
export interface QueueState {
  readonly name: string;
  readonly type: "classic" | "quorum" | "stream";
  readonly ready: number;
  readonly unacked: number;
  readonly consumers: number;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A connection; `name` is the `connection_name` the client gave itself. */
export interface ConnectionState {
  readonly pid: string;
  readonly name: string | null;
  readonly user: string;
  readonly vhost: string;
  readonly channels: number;
  readonly state: string;
  readonly client: Readonly<Record<string, unknown>>;
}

/** A channel; `connection` is the pid of its connection. */
export interface ChannelState {
  readonly pid: string;
  readonly connection: string;
  readonly number: number;
  readonly user: string;
  readonly vhost: string;
  readonly prefetch_count: number;
  readonly consumer_count: number;
  readonly messages_unacknowledged: number;
  readonly messages_unconfirmed: number;
  readonly confirm: boolean;
}

/** A consumer on a queue. */
export interface ConsumerState {
  readonly queue_name: string;
  readonly channel_pid: string;
  readonly consumer_tag: string;
  readonly ack_required: boolean;
  readonly prefetch_count: number;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** An exchange. */
export interface ExchangeState {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly auto_delete: boolean;
  readonly internal: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A binding. */
export interface BindingState {
  readonly source_name: string;
  readonly destination_name: string;
  readonly destination_kind: "queue" | "exchange";
  readonly routing_key: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** The three regular expressions of a RabbitMQ permission. */
export interface Permissions {
  readonly configure?: string;
  readonly write?: string;
  readonly read?: string;
}

/** The default vhost of REGARDS' tenants, which every method uses when none is named. */
export const MULTITENANT_VHOST = "regards.multitenant.manager";

const NORMAL_WATERMARK = 0.4;
const NORMAL_CONSUMER_TIMEOUT = 1_800_000;

/** Looks at and changes one broker. */
export class BrokerConsole {
  readonly #erlang: () => ErlangConsole;

  constructor(erlang: () => ErlangConsole) {
    this.#erlang = erlang;
  }

  queues(vhost = MULTITENANT_VHOST): Promise<QueueState[]> {
    return this.#ask<QueueState[]>("queues", vhost);
  }

  /** The queue, or undefined when there is none of that name. */
  async queue(name: string, vhost = MULTITENANT_VHOST): Promise<QueueState | undefined> {
    return (await this.#ask<QueueState | null>("queue", vhost, name)) ?? undefined;
  }

  /** Every connection, or those on one vhost. */
  async connections(vhost?: string): Promise<ConnectionState[]> {
    const all = await this.#ask<ConnectionState[]>("connections");
    return vhost === undefined ? all : all.filter((connection) => connection.vhost === vhost);
  }

  /** Every channel, or those on one vhost. */
  async channels(vhost?: string): Promise<ChannelState[]> {
    const all = await this.#ask<ChannelState[]>("channels");
    return vhost === undefined ? all : all.filter((channel) => channel.vhost === vhost);
  }

  consumers(vhost = MULTITENANT_VHOST): Promise<ConsumerState[]> {
    return this.#ask<ConsumerState[]>("consumers", vhost);
  }

  exchanges(vhost = MULTITENANT_VHOST): Promise<ExchangeState[]> {
    return this.#ask<ExchangeState[]>("exchanges", vhost);
  }

  bindings(vhost = MULTITENANT_VHOST): Promise<BindingState[]> {
    return this.#ask<BindingState[]>("bindings", vhost);
  }

  /** Closes connections as an operator does (320 CONNECTION_FORCED) and says how many it closed. */
  async closeConnections(
    reason = "closed by a test",
    filter: (connection: ConnectionState) => boolean = () => true,
  ): Promise<number> {
    const pids = (await this.connections()).filter(filter).map(({ pid }) => pid);
    await this.#ask("closeConnections", pids, reason);
    return pids.length;
  }

  /** Deletes a queue, used or not, and says whether there was one. */
  deleteQueue(name: string, vhost = MULTITENANT_VHOST): Promise<boolean> {
    return this.#ask<boolean>("deleteQueue", vhost, name);
  }

  /** Drops the ready messages of a queue and says how many there were. */
  purgeQueue(name: string, vhost = MULTITENANT_VHOST): Promise<number> {
    return this.#ask<number>("purgeQueue", vhost, name);
  }

  deleteExchange(name: string, vhost = MULTITENANT_VHOST): Promise<boolean> {
    return this.#ask<boolean>("deleteExchange", vhost, name);
  }

  vhosts(): Promise<string[]> {
    return this.#ask<string[]>("vhosts");
  }

  async addVhost(vhost: string): Promise<void> {
    await this.#ask("addVhost", vhost);
  }

  async deleteVhost(vhost: string): Promise<void> {
    await this.#ask("deleteVhost", vhost);
  }

  /** How many connections the vhost may have; -1 for any number. */
  async limitConnections(vhost: string, most: number): Promise<void> {
    await this.#ask("limitConnections", vhost, most);
  }

  async addUser(user: string, password: string): Promise<void> {
    await this.#ask("addUser", user, password);
  }

  async changePassword(user: string, password: string): Promise<void> {
    await this.#ask("changePassword", user, password);
  }

  async deleteUser(user: string): Promise<void> {
    await this.#ask("deleteUser", user);
  }

  /** What is not named is allowed (`.*`); `""` allows nothing. */
  async setPermissions(
    user: string,
    vhost = MULTITENANT_VHOST,
    permissions: Permissions = {},
  ): Promise<void> {
    const { configure = ".*", write = ".*", read = ".*" } = permissions;
    await this.#ask("setPermissions", user, vhost, configure, write, read);
  }

  async clearPermissions(user: string, vhost = MULTITENANT_VHOST): Promise<void> {
    await this.#ask("clearPermissions", user, vhost);
  }

  /** While it is on, RabbitMQ blocks every connection that publishes. */
  async setMemoryAlarm(isOn: boolean): Promise<void> {
    await this.#ask("setMemoryWatermark", isOn ? 0 : NORMAL_WATERMARK);
  }

  alarms(): Promise<string[]> {
    return this.#ask<string[]>("alarms");
  }

  /** Sets a number or a boolean in the broker's `rabbit` application environment. */
  async setEnv(name: string, value: number | boolean): Promise<void> {
    await this.#ask("setEnv", name, value);
  }

  /** How long a delivery may stay unacknowledged on channels opened from now on; checked every second. */
  async setConsumerTimeout(milliseconds = NORMAL_CONSUMER_TIMEOUT): Promise<void> {
    await this.setEnv("channel_tick_interval", milliseconds === NORMAL_CONSUMER_TIMEOUT ? 60_000 : 1_000);
    await this.setEnv("consumer_timeout", milliseconds);
  }

  /**
   * Writes to disk what RabbitMQ writes only every five seconds: the elections its quorum queues have held.
   */
  async syncTables(): Promise<void> {
    await this.#ask("syncTables");
  }

  async #ask<Answer>(action: string, ...args: readonly unknown[]): Promise<Answer> {
    // The seam with Erlang: broker_console.erl builds exactly the shapes declared above.
    return (await this.#erlang().ask(action, args)) as Answer;
  }
}
