/** The present moment as text, written once a millisecond: many events arrive in one, and writing is dear. */
export class ReceivedAt {
  #moment = Number.NaN;
  #text = "";

  /** Now, as ISO 8601 in UTC. */
  now(): string {
    const moment = Date.now();
    if (moment !== this.#moment) {
      this.#moment = moment;
      this.#text = new Date(moment).toISOString();
    }
    return this.#text;
  }
}
