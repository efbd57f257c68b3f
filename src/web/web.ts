/**
 * REGARDS' web side, as a config node offers it to others: one account, one limit of transfers, and its end. Enters:
 * settings. Leaves: a client that is logged in, for as long as it is open.
 */
import { Account } from "./account";
import { WebClient } from "./client";
import { Http, type HttpOptions } from "./http";
import { type LoginSettings, logIn } from "./login";
import { Slots } from "./slots";

/** What REGARDS takes of one account at a time, whoever asks. */
const MOST_TRANSFERS = 3;

export class Web {
  readonly client: WebClient;
  readonly slots = new Slots(MOST_TRANSFERS);
  readonly origin: string;
  readonly tenant: string;
  readonly #end = new AbortController();
  readonly #listeners = new Set<() => Promise<void>>();

  constructor(settings: LoginSettings, options: HttpOptions) {
    const http = new Http(options);
    const login = (): ReturnType<typeof logIn> => logIn(http, settings, this.#end.signal);
    const account = new Account(login, () => performance.now());
    this.client = new WebClient(http, account, settings.address);
    this.origin = settings.address;
    this.tenant = settings.tenant;
  }

  /** Called when it ends, which waits for what is returned; returns how to prevent it. */
  onClosing(listener: () => Promise<void>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#listeners].map((listener) => listener()));
    this.#end.abort();
  }
}
