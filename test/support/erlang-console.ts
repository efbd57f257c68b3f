/**
 * The long-lived Erlang node behind BrokerConsole: requests go in as lines, answers come back as lines, each
 * in a few milliseconds. It also watches over us: when our end of the pipe closes, it takes the broker down.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** Where the broker node is and how to be let in. */
export interface ErlangConsoleOptions {
  readonly node: string;
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

const ANSWER = /^(\d+) (ok|failed) (\S*)$/;
const SOURCE = join(__dirname, "broker_console.erl");

const quoted = (text: string): string => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** The console reads Latin-1, so everything beyond ASCII travels as a JSON escape. */
const ascii = (json: string): string =>
  json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** One Erlang node that asks another. */
export class ErlangConsole {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #pending = new Map<string, Pending>();
  #lastId = 0;
  #complaints = "";

  constructor({ node, directory, env }: ErlangConsoleOptions) {
    const program =
      `{ok, M, Beam} = compile:file(${quoted(SOURCE)}, [binary, return_errors]), ` +
      `{module, M} = code:load_binary(M, "console", Beam), ` +
      `M:serve('${node}', Beam, ${quoted(directory)}).`;
    const name = node.replace(/^[^@]*/, "$&-console");
    // A process group of its own: Ctrl-C in the terminal must not take the watcher before what it watches.
    this.#child = spawn(
      "erl",
      ["-noshell", "-hidden", "-sname", name, "-kernel", "inet_dist_use_interface", "{127,0,0,1}"].concat([
        "-eval",
        program,
      ]),
      { env, cwd: directory, stdio: ["pipe", "pipe", "pipe"], detached: true },
    );
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#onLine(line));
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#complaints += text;
    });
    this.#child.stdin.on("error", () => undefined);
    this.#child.once("error", (error) => this.#fail(error.message));
    this.#child.once("exit", () => this.#fail("it has ended"));
  }

  /** Has the broker do something; rejects with the broker's own reason, or after `timeout` milliseconds. */
  ask(action: string, args: readonly unknown[], timeout = 10_000): Promise<unknown> {
    const id = String(++this.#lastId);
    const request = ascii(JSON.stringify({ do: action, with: args }));
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null) throw this.#broken("it has ended");
      this.#pending.set(id, { resolve, reject });
      this.#child.stdin.write(`${id} ${timeout} ${request}\n`);
    });
  }

  /** Closes the pipe, on which the console kills the broker, removes the directory and ends. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.stdin.end();
    await ended;
  }

  #onLine(line: string): void {
    const [, id = "", verdict, encoded = ""] = ANSWER.exec(line) ?? [];
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    const text = Buffer.from(encoded, "base64").toString();
    if (verdict === "ok") pending.resolve(JSON.parse(text).result);
    else pending.reject(new Error(`the broker answered: ${text}`));
  }

  #fail(reason: string): void {
    for (const { reject } of this.#pending.values()) reject(this.#broken(reason));
    this.#pending.clear();
  }

  #broken(reason: string): Error {
    return new Error(`the broker console cannot be used, ${reason}\n${this.#complaints}`.trim());
  }
}
