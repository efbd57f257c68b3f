/** Where words go. Types only: the seam to Node-RED translates and writes them. */

/** What is filled into a text. */
export type Values = Readonly<Record<string, string | number>>;

/** A node's lines in Node-RED's log; the texts are catalogue keys under `runtime`. */
export interface NodeLog {
  warn(key: string, values?: Values): void;
  info(key: string, values?: Values): void;
}
