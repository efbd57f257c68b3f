/** Everything a Node-RED under test has said, kept in order, and waiting for what it has not said yet. */
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import type { FromNodeRed, LogEntry, Message, RuntimeEvent, Status } from "./node-red-wire";

const CHANGE = "change";
const ENDED = "ended";

/** Waits at most this long unless told otherwise. */
export const PATIENCE = 10_000;

/** What to wait for. */
export interface WaitOptions {
  readonly timeout?: number;
}

/** The memory of one Node-RED process. */
export class NodeRedRecord {
  readonly logs: LogEntry[] = [];
  readonly events: RuntimeEvent[] = [];
  readonly #messages = new Map<string, Message[]>();
  readonly #taken = new WeakSet<Message>();
  readonly #statuses = new Map<string, Status[]>();
  readonly #changes = new EventEmitter().setMaxListeners(0);

  /** Takes in one report of the process. */
  add(report: FromNodeRed): void {
    if (report.kind === "log") this.logs.push(report.entry);
    else if (report.kind === "event") this.events.push(report.event);
    else if (report.kind === "status") listIn(this.#statuses, report.id).push(inEnglish(report.status));
    else if (report.kind === "message") listIn(this.#messages, report.probe).push(report.message as Message);
    else return;
    this.#changes.emit(CHANGE);
  }

  /** Nothing more will come; whoever waits is told why. */
  end(reason: string): void {
    this.#changes.emit(ENDED, new Error(reason));
  }

  messages(probe: string): readonly Message[] {
    return this.#messages.get(probe) ?? [];
  }

  statuses(node: string): readonly Status[] {
    return this.#statuses.get(node) ?? [];
  }

  /** The oldest message at the probe that satisfies `where` and was not taken before. */
  take(probe: string, where: (message: Message) => boolean): Message | undefined {
    const found = this.messages(probe).find((message) => !this.#taken.has(message) && where(message));
    if (found) this.#taken.add(found);
    return found;
  }

  /** Forgets what was said so far, for a Node-RED that several tests share. */
  clear(): void {
    this.logs.length = 0;
    this.events.length = 0;
    this.#messages.clear();
    this.#statuses.clear();
  }

  /** Looks again after each report, until `look` finds something. */
  async until<T>(look: () => T | undefined, what: () => string, timeout = PATIENCE): Promise<T> {
    const already = look();
    if (already !== undefined) return already;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.#changes.off(CHANGE, onChange).off(ENDED, onEnd);
        act();
      };
      const onChange = (): void => {
        try {
          const found = look();
          if (found !== undefined) settle(() => resolve(found));
        } catch (error) {
          settle(() => reject(error));
        }
      };
      const onEnd = (error: Error): void => settle(() => reject(error));
      const timer = setTimeout(
        () => settle(() => reject(new Error(`waited ${timeout} ms for ${what()}; ${this.#lately()}`))),
        timeout,
      );
      this.#changes.on(CHANGE, onChange).on(ENDED, onEnd);
    });
  }

  #lately(): string {
    const lines = this.logs.filter(({ level }) => level !== "debug" && level !== "trace").slice(-5);
    return `last log lines: ${inspect(lines.map(({ level, type, msg }) => `${level} ${type ?? ""} ${msg}`))}`;
  }
}

function listIn<T>(map: Map<string, T[]>, key: string): T[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

const KEY = /^@regards-flow\/node-red-regards\/regards-broker:(.+)$/;

/** A status without numbers is a key that the editor looks up in its own language; tests read it as an English editor. */
function inEnglish(status: Status): Status {
  const [, key] = KEY.exec(status.text ?? "") ?? [];
  if (key === undefined) return status;
  const path = join(__dirname, "../../nodes/locales/en-US/regards-broker.json");
  let found: unknown = JSON.parse(readFileSync(path, "utf8"));
  for (const name of key.split(".")) found = (found as Record<string, unknown>)?.[name];
  return typeof found === "string" ? { ...status, text: found } : status;
}
