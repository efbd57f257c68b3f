/** A connection that lives as long as somebody uses it: opened by the first, closed after the last. */
import { Connection, type ConnectionOptions, type ConnectionState } from "./connection";

/** One user's share of a connection. */
export interface Lease {
  readonly connection: Connection;
  release(): Promise<void>;
}

export class SharedConnection {
  readonly #options: ConnectionOptions;
  readonly #changed: (state: ConnectionState, host: string) => void;
  #connection: Connection | undefined;
  #users = 0;
  #closing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: ConnectionOptions, changed: (state: ConnectionState, host: string) => void) {
    this.#options = options;
    this.#changed = changed;
  }

  get state(): ConnectionState {
    return this.#connection?.state ?? { phase: "idle" };
  }

  /** A share of it; after `close()` of one that never opens. */
  lease(): Lease {
    const connection = this.#connection ?? this.#create();
    this.#users += 1;
    let released = false;
    return {
      connection,
      release: async () => {
        if (!released) {
          released = true;
          this.#users -= 1;
          await this.#closeUnused();
        }
      },
    };
  }

  /** Closes for good, whoever still uses it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#closeUnused();
  }

  #create(): Connection {
    const connection = new Connection(this.#options);
    if (this.#isClosed) {
      void connection.close();
      return connection;
    }
    this.#connection = connection;
    connection.onState((state) => this.#changed(state, connection.host));
    connection.open();
    return connection;
  }

  async #closeUnused(): Promise<void> {
    if (this.#users > 0 && !this.#isClosed) {
      return;
    }
    const connection = this.#connection;
    if (connection !== undefined) {
      this.#connection = undefined;
      this.#closing = Promise.all([this.#closing, connection.close()]).then(() => undefined);
    }
    await this.#closing;
  }
}
