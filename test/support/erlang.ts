/** Runs the Erlang that belongs to a RabbitMQ, wherever that is. */
import { execFile } from "node:child_process";
import { delimiter } from "node:path";
import { promisify } from "node:util";
import type { RabbitMqServer } from "./rabbitmq-server";

const run = promisify(execFile);

/** The environment in which `erl` and `epmd` are those of the server, without settings of somebody else. */
export function erlangEnvironment({ erlang }: RabbitMqServer): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(RABBITMQ|ERL|NOTIFY_SOCKET)/.test(name));
  const path = [erlang, process.env.PATH].filter((part) => part !== undefined).join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path };
}

/** Runs a few Erlang expressions to their end, which is theirs to call: `halt(0).` */
export async function runErlang(server: RabbitMqServer, program: string): Promise<void> {
  const env = erlangEnvironment(server);
  await run("erl", ["-noshell", "-eval", program], { timeout: 30_000, env });
}
